// "On this computer": what a browser cannot do goes to the server of `colorgan app`, which runs on the same machine.
// Without the mark that this server puts into index.html, nothing here shows or asks.
import { $, download, make, say } from "./dom.js";

export function connect() { return null; }
