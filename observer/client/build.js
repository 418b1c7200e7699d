/** Bundles the client into `observer/static/client/`: the app with parts that are loaded when needed, and the worker. */

import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = process.argv[2] ?? `${here}/../static/client`;
/** @type {import("esbuild").BuildOptions} */
const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  target: ["es2022", "safari16.4", "firefox115", "chrome108"],
  legalComments: "none",
  logLevel: "warning",
  charset: "utf8",
};

rmSync(out, { recursive: true, force: true });
await build({
  ...common,
  entryPoints: { app: "src/app.js" },
  outdir: out,
  format: "esm",
  splitting: true,
  chunkNames: "part-[hash]",
});
await build({ ...common, entryPoints: { sw: "src/sw.js" }, outdir: out, format: "iife" });
