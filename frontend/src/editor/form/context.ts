import { createContext, useContext } from "react";
import type { Schema } from "../model/schema";
import { atField, type Column, type Problem } from "../model/problems";

/** What every field of one node's form can look up. */
export interface FormContext {
  root: Schema;
  problems: Problem[];
  /** The columns to choose from: those that come to the node, at one port or at all of them. */
  columnsAt: (port: string | undefined) => Column[];
  /** The node's whole config: a table's name belongs to the connection beside it. */
  config: Record<string, unknown>;
  disabled: boolean;
}

export const Form = createContext<FormContext>({
  root: {},
  problems: [],
  columnsAt: () => [],
  config: {},
  disabled: false,
});

export function useForm(): FormContext {
  return useContext(Form);
}

/** Return the problems of the field at a path such as `config.measures.0.name`. */
export function useProblems(path: string, below: boolean): Problem[] {
  return atField(useForm().problems, path, below);
}
