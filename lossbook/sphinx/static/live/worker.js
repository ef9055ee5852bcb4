// Python in a worker: fetches the parts, starts the interpreter, and runs one piece of code at a time.
// VERSION, SIZES and LOCK are filled in when the book is built.
import {loadPyodide} from "pyodide";

const SITE = "/lib/python3.12/site-packages";
const say = (message) => self.postMessage(message);
const address = (name) => new URL(`${name}?v=${VERSION}`, self.location.href);
const nativeFetch = self.fetch.bind(self);

const total = Object.values(SIZES).reduce((sum, size) => sum + size, 0);
let loaded = 0;
let told = 0;
const count = (size) => {
  loaded += size;
  if (loaded - told < 50_000 && loaded < total) return;
  told = loaded;
  say({kind: "progress", loaded, total});
};

// What the network did wrong, in words: errors of what is made of a part speak of something else.
let trouble = "";
const lost = (error) => {
  trouble ||= "the connection was lost";
  throw error;
};

const checked = (name, status) => {
  if (status === 200) return;
  trouble ||= `the server answers with ${status} for ${name}`;
  throw new Error(trouble);
};

// Parts are gzip files under a name that no server takes for one, so they arrive as they are.
const part = async (name) => {
  const response = await nativeFetch(address(name)).catch(lost);
  checked(name, response.status);
  const reader = response.body.getReader();
  const counted = new ReadableStream({
    async pull(controller) {
      const {done, value} = await reader.read().catch(lost);
      if (done) return controller.close();
      count(value.byteLength);
      return controller.enqueue(value);
    },
  });
  return new Response(counted.pipeThrough(new DecompressionStream("gzip")), {
    headers: {"Content-Type": name === "interpreter.bin" ? "application/wasm" : "application/octet-stream"},
  });
};

// What Python imports later is fetched while it waits: an import cannot be put off.
const partNow = (name) => {
  const request = new XMLHttpRequest();
  request.open("GET", address(name), false);
  request.responseType = "arraybuffer";
  request.send();
  checked(name, request.status);
  return new Uint8Array(request.response);
};

const unpack = (files, archive) => {
  const length = new DataView(archive).getUint32(0, true);
  const names = JSON.parse(new TextDecoder().decode(new Uint8Array(archive, 4, length)));
  let place = 4 + length;
  for (const [name, size] of names) {
    const path = `${SITE}/${name}`;
    files.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    files.writeFile(path, new Uint8Array(archive, place, size));
    place += size;
  }
};

const start = async () => {
  const parts = {
    "pyodide.asm.wasm": part("interpreter.bin"),
    "python_stdlib.zip": part("library.bin"),
    "pyodide-lock.json": new Response(JSON.stringify(LOCK)),
  };
  const glue = part("glue.bin").then((response) => response.blob());
  const numpy = part("numpy.bin").then((response) => response.arrayBuffer());
  // Pyodide fetches its parts by name; they are on their way already.
  self.fetch = (resource, options) => {
    const name = String(resource?.url ?? resource).split("/").pop();
    return name in parts ? Promise.resolve(parts[name]) : nativeFetch(resource, options);
  };
  const script = URL.createObjectURL(new Blob([await glue], {type: "text/javascript"}));
  importScripts(script);
  URL.revokeObjectURL(script);
  const python = await loadPyodide({
    indexURL: new URL("./", self.location.href).href,
    args: ["-OO"], // NumPy is shipped without docstrings, which it accepts under this flag only
    env: {HOME: "/home/pyodide", PYTHONHASHSEED: "0"},
  });
  self.fetch = nativeFetch;
  unpack(python.FS, await numpy);
  const modules = python.runPython(`
import json
from lossbook import checker, later
(checker, later, json.load(open("${SITE}/later.json")))
`);
  const [checker, later, index] = modules;
  later.install(index, (name) => python.toPy(partNow(name)).tobytes());
  return checker;
};

const checker = start();
checker.then(
  () => say({kind: "ready"}),
  (error) => say({kind: "failed", message: trouble || String(error?.message ?? error)}),
);

self.onmessage = async ({data: {id, code, data}}) => {
  const emit = (kind, text) => say({kind, id, text});
  const python = await checker;
  try {
    say({kind: "done", id, result: JSON.parse(python.run(code, data, emit))});
  } catch (error) {
    // An error that Python itself did not survive, such as a stack that ran over in C code.
    say({kind: "broken", id, message: String(error?.message ?? error)});
  }
};
