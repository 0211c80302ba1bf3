import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { AnnouncerProvider } from "./components/Announcer";
import { LanguageProvider } from "./texts/language";
import "./styles/index.css";

const queries = new QueryClient({
  defaultOptions: {
    // The client sends again what may be sent again.
    queries: { retry: false, staleTime: 10_000 },
    // Without a connection somebody who presses a button is told so at once.
    mutations: { retry: false, networkMode: "always" },
  },
});

const root = document.getElementById("root");
if (!root) throw new Error("there is no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <LanguageProvider>
        <AnnouncerProvider>
          <App />
        </AnnouncerProvider>
      </LanguageProvider>
    </QueryClientProvider>
  </StrictMode>,
);
