import { exported, fileName } from "../model/transfer";
import { useEditor } from "../store";
import { formValue } from "./form";
import { pageSettings } from "./settings";

/** Save what is drawn, with the page's other fields, as a file. */
export function exportFile(): void {
  const name = formValue("name");
  const text = exported(useEditor.getState().history.present, pageSettings());
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = fileName(name);
  link.click();
  URL.revokeObjectURL(address);
}

/** Have a file chosen, and give it to `onChosen`. */
export function chooseFile(onChosen: (file: File) => void): void {
  // Not a part of the page: the admin's own scripts take every file field there for theirs.
  const chooser = document.createElement("input");
  chooser.type = "file";
  chooser.accept = ".json,application/json";
  chooser.addEventListener("change", () => {
    const [file] = chooser.files ?? [];
    if (file) onChosen(file);
  });
  chooser.click();
}
