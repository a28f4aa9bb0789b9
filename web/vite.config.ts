import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// `npm run dev` proxies to a running server; name it with ISTHMUS_URL.
const server = process.env["ISTHMUS_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  // The server's Content-Security-Policy knows no data: addresses, so every asset stays a file.
  build: {
    outDir: "dist",
    license: { fileName: "licences.md" },
    assetsInlineLimit: 0,
    target: "es2022",
    chunkSizeWarningLimit: 900,
  },
  server: {
    proxy: {
      "/v1": { target: server, ws: true },
      "/health": server,
      "/login": server,
    },
  },
  test: { include: ["tests/unit/**/*.test.ts"] },
});
