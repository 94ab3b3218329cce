// Collects the front-end packages into cornerspot/static/vendor/ under names that carry a hash of
// their content, writes manifest.json, and compresses each once so that no request has to.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const packages = join(root, "node_modules");
const source = join(root, "cornerspot");
const target = join(source, "static", "vendor");
const fresh = `${target}.new`;

// What a page asks for by name → where it lies in the packages.
const FILES = {
  "tabler.css": "@tabler/core/dist/css/tabler.min.css",
  "tabler.js": "@tabler/core/dist/js/tabler.min.js",
  "htmx.js": "htmx.org/dist/htmx.min.js",
  "tom-select.js": "tom-select/dist/js/tom-select.popular.min.js",
  "tom-select.css": "tom-select/dist/css/tom-select.bootstrap5.min.css",
  "sortable.js": "sortablejs/Sortable.min.js",
  "chart.js": "chart.js/dist/chart.umd.min.js",
};
const SCRIPTS_WITH_ICONS = [".html", ".py", ".js"];
const ICON_CALL = /\bicon\(\s*["']([a-z0-9-]+)["']/g;
const ICON_ARGUMENT = /\bicon\s*=\s*["']([a-z0-9-]+)["']/g;

const manifest = {};
const sizes = [];

function emit(name, content) {
  const body = Buffer.from(content);
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 10);
  const hashed = `${basename(name, extname(name))}.${hash}${extname(name)}`;
  writeFileSync(join(fresh, hashed), body);
  manifest[name] = hashed;
  if (![".woff2", ".png"].includes(extname(name))) compress(hashed, body);
  else sizes.push([name, body.length, body.length]);
  return hashed;
}

function compress(hashed, body) {
  const brotli = brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  writeFileSync(join(fresh, `${hashed}.br`), brotli);
  writeFileSync(join(fresh, `${hashed}.gz`), gzipSync(body, { level: 9 }));
  sizes.push([hashed, body.length, brotli.length]);
}

// The maps are not shipped, so the comment that names one would only cost a 404 in the console.
const withoutMap = (text) => text.replace(/\n?\/[/*]# sourceMappingURL=\S+(?: \*\/)?/g, "");

function buildFont() {
  const css = readFileSync(join(packages, "@fontsource-variable/inter/wght.css"), "utf8");
  const faces = css.replace(/url\(\.\/files\/(inter-[a-z-]+\.woff2)\)/g, (_, file) => {
    return `url(${emit(file, readFileSync(join(packages, "@fontsource-variable/inter/files", file)))})`;
  });
  emit("inter.css", faces.replace(/\/\*.*?\*\//g, "").replace(/\s+/g, " "));
}

function* sourceFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!["vendor", "vendor.new", "__pycache__"].includes(entry.name)) yield* sourceFiles(path);
    } else if (SCRIPTS_WITH_ICONS.includes(extname(entry.name))) yield path;
  }
}

function usedIcons() {
  const list = readFileSync(join(source, "static", "icons.txt"), "utf8");
  const names = new Set(list.split("\n").map((line) => line.replace(/#.*/, "").trim()).filter(Boolean));
  for (const path of sourceFiles(source)) {
    const text = readFileSync(path, "utf8");
    for (const pattern of [ICON_CALL, ICON_ARGUMENT]) {
      for (const [, name] of text.matchAll(pattern)) names.add(name);
    }
  }
  return [...names].sort();
}

function symbol(name) {
  const filled = name.endsWith("-filled");
  const file = join(packages, "@tabler/icons/icons", filled ? "filled" : "outline", `${name.replace(/-filled$/, "")}.svg`);
  if (!existsSync(file)) throw new Error(`There is no Tabler icon "${name}".`);
  const shapes = readFileSync(file, "utf8")
    .replace(/<!--.*?-->/gs, "")
    .replace(/^.*?<svg.*?>|<\/svg>/gs, "")
    .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none" \/>/, "")
    .replace(/\s+/g, " ")
    .trim();
  const paint = filled
    ? 'fill="currentColor"'
    : 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"';
  return `<symbol id="${name}" viewBox="0 0 24 24" ${paint}>${shapes}</symbol>`;
}

function buildSprite(names) {
  emit("icons.svg", `<svg xmlns="http://www.w3.org/2000/svg">\n${names.map(symbol).join("\n")}\n</svg>\n`);
}

function inputsDigest(names) {
  const hash = createHash("sha256").update(names.join());
  for (const path of ["package-lock.json", "bin/build-assets.mjs"]) hash.update(readFileSync(join(root, path)));
  return hash.digest("hex");
}

const icons = usedIcons();
const digest = inputsDigest(icons);
const stamp = join(target, "inputs.sha256");
if (!process.argv.includes("--sizes") && existsSync(stamp) && readFileSync(stamp, "utf8") === digest) process.exit(0);

rmSync(fresh, { recursive: true, force: true });
mkdirSync(fresh, { recursive: true });
for (const [name, path] of Object.entries(FILES)) emit(name, withoutMap(readFileSync(join(packages, path), "utf8")));
buildFont();
buildSprite(icons);
writeFileSync(join(fresh, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
writeFileSync(join(fresh, "inputs.sha256"), digest);
rmSync(target, { recursive: true, force: true });
renameSync(fresh, target);

if (process.argv.includes("--sizes")) {
  for (const [name, plain, small] of sizes) console.log(`${name.padEnd(44)} ${plain} ${small}`);
}
console.log(`Collected ${Object.keys(manifest).length} front-end files, ${icons.length} icons.`);
