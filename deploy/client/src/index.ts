// The operations and types of the API, and what every page needs besides: tokens, retries, live events, uploads.
export * from "./generated";
export * from "./connect";
export * from "./live";
export * from "./upload";
export * from "./pages";
