// Run by Node while the book is built: starts Python as the page does, and lets cut.py find out what that takes.
import {readFileSync} from "node:fs";
import {pathToFileURL} from "node:url";

const [pyodide, work, script] = process.argv.slice(2);
const {loadPyodide} = await import(pathToFileURL(`${pyodide}/pyodide.mjs`));
const python = await loadPyodide({args: ["-OO"], env: {PYTHONHASHSEED: "0", HOME: "/home/pyodide"}});
python.FS.mkdirTree("/parts");
python.FS.mount(python.FS.filesystems.NODEFS, {root: work}, "/parts");
python.runPython(readFileSync(script, "utf8"));
