import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Names without a hash: the bundle is committed, and a change of it is a change of these files.
export default defineConfig({
  plugins: [react()],
  base: "./",
  build: {
    outDir: "../logidata/static/console",
    emptyOutDir: true,
    modulePreload: false,
    cssCodeSplit: true,
    rollupOptions: {
      input: {
        editor: "src/editor/main.tsx",
        execution: "src/execution/main.tsx",
      },
      output: {
        entryFileNames: "[name].js",
        chunkFileNames: "[name].js",
        assetFileNames: "[name][extname]",
        // What several pages share has one name, which their templates know: they link its CSS.
        codeSplitting: { groups: [{ name: "shared", minShareCount: 2 }] },
      },
    },
  },
});
