// The operations and types of the API, and what every page needs besides: tokens, retries, live events, uploads.
export * from "./generated/index.js";
export * from "./connect.js";
export * from "./live.js";
export * from "./upload.js";
export * from "./pages.js";
export { isProblem, newKey } from "./send.js";
export { createClient } from "./generated/client/index.js";
