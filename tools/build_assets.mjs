// Bundles the pages' scripts, styles and fonts from npm into src/chaupal/web/static, each named
// by its content, and writes manifest.json: the name a template asks for -> the file it gets.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const sources = join(root, "src/chaupal/web/assets");
const target = join(root, "src/chaupal/web/static");
const entries = ["app.js", "app.css", "relay.js", "relay.css"];
const wanted = new Map(entries.map((name) => [`src/chaupal/web/assets/${name}`, name]));

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: entries.map((name) => join(sources, name)),
  outdir: target,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  metafile: true,
  legalComments: "linked",
  target: ["chrome123", "firefox121", "safari17.5"],
  loader: { ".woff2": "file", ".svg": "dataurl" },
  logLevel: "warning",
});

const manifest = {};
let bytes = 0;
for (const [path, output] of Object.entries(metafile.outputs)) {
  bytes += output.bytes;
  const name = wanted.get(output.entryPoint);
  if (name) manifest[name] = relative(target, join(root, path));
  else if (path.endsWith(".woff2")) {
    manifest[basename(path).replace(/-[A-Z0-9]{8}(?=\.)/, "")] = relative(target, join(root, path));
  }
}
const missing = entries.filter((name) => !(name in manifest));
if (missing.length > 0) throw new Error(`nothing was built for ${missing.join(", ")}`);
await writeFile(join(target, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
console.log(`static: ${Object.keys(metafile.outputs).length} files, ${Math.round(bytes / 1024)} KB`);
