import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Router } from "wouter";
import { App } from "./App";
import { SessionProvider } from "./api/session";
import { ConfirmProvider } from "./components/Dialog";
import { applyTheme } from "./components/theme";
import { ToastProvider } from "./components/Toasts";
import { LanguageProvider } from "./texts/language";
import "./styles/index.css";

const queries = new QueryClient({
  defaultOptions: {
    // The client sends again what may be sent again.
    queries: { retry: false, staleTime: 5_000 },
    mutations: { retry: false, networkMode: "always" },
  },
});

applyTheme();
const root = document.getElementById("root");
if (!root) throw new Error("there is no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <LanguageProvider>
        <SessionProvider>
          <ToastProvider>
            <ConfirmProvider>
              <Router base="/console">
                <App />
              </Router>
            </ConfirmProvider>
          </ToastProvider>
        </SessionProvider>
      </LanguageProvider>
    </QueryClientProvider>
  </StrictMode>,
);
