import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  { ignores: ["node_modules/", ".local/", "bench/.venv/"] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "no-console": "error",
      "max-lines": ["error", { max: 250, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ["local/**", "bench/**", "client/**", "rotation/**", "tests/**", "doctor/**", "docs/**"],
    rules: { "no-console": "off" },
  },
  // Types are in comments here, which tsc checks and these rules do not see.
  {
    files: ["doctor/*.js"],
    rules: {
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
    },
  },
  // A test says which shape it expects of an answer.
  { files: ["tests/**"], rules: { "@typescript-eslint/no-unnecessary-type-parameters": "off" } },
  {
    // The rules of dependence of CONTRIBUTING.md.
    files: ["services/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: ["**/stack/**", "**/gateway/**", "**/local/**", "**/backup/**"] },
      ],
    },
  },
  {
    files: ["backup/**"],
    rules: {
      "no-restricted-imports": ["error", { patterns: ["**/stack/**", "**/gateway/**", "**/local/**"] }],
    },
  },
  {
    files: ["gateway/**"],
    ignores: ["**/*.test.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: ["node:*", "**/stack/**", "**/local/**"] }] },
  },
  {
    files: ["stack/**"],
    rules: { "no-restricted-imports": ["error", { patterns: ["**/local/**"] }] },
  },
  {
    files: ["local/**", "client/**", "doctor/**"],
    rules: { "no-restricted-imports": ["error", { patterns: ["**/stack/**", "@pulumi/*"] }] },
  },
);
