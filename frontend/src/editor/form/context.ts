import { createContext, useContext } from "react";
import type { Schema } from "../model/schema";
import { atField, type Finding } from "../model/findings";
import type { Column } from "../model/problems";

/** What every field of one node's form can look up. */
export interface FormContext {
  root: Schema;
  problems: Finding[];
  /** Whether a problem is no more than a note yet. */
  isNote: (finding: Finding) => boolean;
  /** Note that the field at a path was left. */
  onLeave: (path: string) => void;
  /** The columns to choose from: those that come to the node, at one port or at all of them. */
  columnsAt: (port: string | undefined) => Column[];
  /** The node's whole config: a table's name belongs to the connection beside it. */
  config: Record<string, unknown>;
  disabled: boolean;
}

export const Form = createContext<FormContext>({
  root: {},
  problems: [],
  isNote: () => false,
  onLeave: () => undefined,
  columnsAt: () => [],
  config: {},
  disabled: false,
});

export function useForm(): FormContext {
  return useContext(Form);
}

/** Return the problems of the field at a path such as `config.measures.0.name`. */
export function useProblems(path: string, below: boolean): Finding[] {
  return atField(useForm().problems, path, below);
}
