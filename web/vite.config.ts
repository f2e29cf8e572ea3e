import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// `npm run dev` talks to a running `pave serve`; the build is embedded into the binary.
const server = process.env.PAVE_URL ?? 'http://127.0.0.1:7007';

export default defineConfig({
  plugins: [react()],
  // The form library's test helpers name the validator we do not use (it needs eval); they get ours.
  resolve: {
    alias: { '@rjsf/validator-ajv8': fileURLToPath(new URL('src/scaffolder/form/validator.ts', import.meta.url)) },
  },
  build: { target: 'es2022', chunkSizeWarningLimit: 900, assetsInlineLimit: 0 },
  worker: { format: 'es' },
  server: { proxy: { '/api': { target: server, changeOrigin: true } } },
});
