// Builds what browsers load into built/: the recorder, the islands of the pages, the player's document.
//
//   recorder/main.ts   built/recorder/watchworthy.js   one script that runs anywhere a tag can stand
//   islands/*.ts       built/islands/*.js              a module each, loaded by the page that needs it
//   player/*.ts        built/player/*.js               a module each, for the player's own origin
//
// Style sheets and scripts that are served as their makers ship them are copied to built/vendor/.

import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const BUILT = join(HERE, "built");
const SHIPPED = {
  "htmx.js": "htmx.org/dist/htmx.min.js",
  "rrweb-player.css": "rrweb-player/dist/style.min.css",
  "uplot.css": "uplot/dist/uPlot.min.css",
};

const common = {
  absWorkingDir: HERE,
  bundle: true,
  minify: true,
  legalComments: "none",
  charset: "utf8",
  logLevel: "warning",
};

/** The scripts directly in a folder, none if there is no such folder. */
function scripts(folder) {
  const place = join(HERE, folder);
  if (!existsSync(place)) return [];
  return readdirSync(place)
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
    .sort()
    .map((name) => join(folder, name));
}

rmSync(BUILT, { recursive: true, force: true });
mkdirSync(join(BUILT, "vendor"), { recursive: true });
for (const [name, source] of Object.entries(SHIPPED)) {
  cpSync(join(HERE, "node_modules", source), join(BUILT, "vendor", name));
}

await build({
  ...common,
  entryPoints: { watchworthy: "recorder/main.ts" },
  outdir: "built/recorder",
  format: "iife",
  target: ["chrome80", "firefox78", "safari14"],
});
for (const folder of ["islands", "player"]) {
  const entryPoints = scripts(folder);
  if (entryPoints.length) {
    await build({ ...common, entryPoints, outdir: `built/${folder}`, format: "esm", target: "es2022" });
  }
}
