import { createHash } from "node:crypto";
import { defineConfig, type Plugin } from "vite";

const sha256 = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/**
 * Puts script and style into the page and names both in its policy by their hashes: nothing else runs, and nothing is
 * asked of any server. So the page is one file that works from a disk.
 */
function onePage(): Plugin {
  return {
    name: "one-page",
    enforce: "post",
    generateBundle(_, bundle) {
      const page = bundle["verifier.html"];
      if (page?.type !== "asset") throw new Error("there is no verifier.html");
      let html = String(page.source);
      const inline = { script: "", style: "" };
      for (const [name, part] of Object.entries(bundle)) {
        if (part === page) continue;
        if (part.type === "chunk") inline.script += part.code;
        else inline.style += String(part.source);
        delete bundle[name];
      }
      // A function, since $ has a meaning in a text that replaces.
      html = html.replace(/\s*<script [^>]*src=[^>]*><\/script>/, "").replace(/\s*<link rel="stylesheet"[^>]*>/, "");
      html = html.replace("</head>", () => `<style>${inline.style}</style>\n  </head>`);
      html = html.replace("</body>", () => `<script type="module">${inline.script}</script>\n  </body>`);
      const allowed = `script-src ${sha256(inline.script)}; style-src ${sha256(inline.style)}; img-src data:`;
      html = html.replace("default-src 'none';", `default-src 'none'; ${allowed};`);
      if (inline.script.includes("</script") || !html.includes("script-src 'sha256-"))
        throw new Error("the page is not whole");
      page.source = html;
    },
  };
}

export default defineConfig({
  root: "verifier",
  plugins: [onePage()],
  build: {
    outDir: "../dist",
    emptyOutDir: false,
    target: "es2022",
    modulePreload: false,
    rollupOptions: { input: "verifier/verifier.html" },
  },
});
