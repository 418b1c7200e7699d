import js from "@eslint/js";
import globals from "globals";

export default [
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2023, sourceType: "module" },
    rules: {
      "no-var": "error",
      "prefer-const": "error",
      eqeqeq: "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "max-lines": ["error", 400],
      "max-lines-per-function": ["error", { max: 60, skipComments: true }],
    },
  },
  { files: ["src/**/*.js"], languageOptions: { globals: { ...globals.browser } } },
  { files: ["src/sw.js"], languageOptions: { globals: { ...globals.serviceworker, SHELL: "readonly" } } },
  {
    files: ["tests/**/*.js", "*.js"],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
    rules: { "max-lines-per-function": "off" },
  },
];
