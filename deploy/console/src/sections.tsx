// The pages of the console, in the order of the navigation, and whom each is for.
import { lazy, type ComponentType } from "react";
import type { ModerationCounts } from "@38qa/client";
import type { Rights } from "./api/session";
import type { Texts } from "./texts/en";
import { PostQueuePage } from "./pages/PostQueuePage";
import { UserQueuePage } from "./pages/UserQueuePage";

const JobsPage = lazy(() => import("./pages/JobsPage"));
const OptionsPage = lazy(() => import("./pages/OptionsPage"));
const StatisticsPage = lazy(() => import("./pages/StatisticsPage"));
const UsersPage = lazy(() => import("./pages/UsersPage"));
const AddressesPage = lazy(() => import("./pages/AddressesPage"));
const MailPage = lazy(() => import("./pages/MailPage"));
const WebhooksPage = lazy(() => import("./pages/WebhooksPage"));
const ChangesPage = lazy(() => import("./pages/ChangesPage"));
const TokensPage = lazy(() => import("./pages/TokensPage"));
const CategoriesPage = lazy(() => import("./pages/CategoriesPage"));

export interface Section {
  path: string;
  title: (t: Texts) => string;
  /** The right that its readers need; none for all who have the console. */
  right?: keyof Rights;
  /** How many wait there, beside its name in the navigation. */
  count?: keyof ModerationCounts;
  part: "moderation" | "administration";
  Page: ComponentType;
  /** There are pages below it, which the page itself tells apart. */
  nested?: boolean;
}

export const sections: Section[] = [
  { path: "/queue", title: (t) => t.queue, right: "posts", count: "queuedCount", part: "moderation", Page: () => <PostQueuePage key="queue" name="queue" /> },
  { path: "/flagged", title: (t) => t.flagged, right: "posts", count: "flaggedCount", part: "moderation", Page: () => <PostQueuePage key="flagged" name="flagged" /> },
  { path: "/hidden", title: (t) => t.hidden, right: "posts", count: "hiddenCount", part: "moderation", Page: () => <PostQueuePage key="hidden" name="hidden" /> },
  { path: "/new-users", title: (t) => t.waitingUsers, right: "users", count: "unapprovedUserCount", part: "moderation", Page: UserQueuePage },
  { path: "/users", title: (t) => t.users, right: "users", part: "moderation", Page: UsersPage, nested: true },
  { path: "/addresses", title: (t) => t.addresses, right: "posts", part: "moderation", Page: AddressesPage, nested: true },
  { path: "/categories", title: (t) => t.categories, part: "moderation", Page: CategoriesPage },
  { path: "/statistics", title: (t) => t.statistics, right: "administers", part: "administration", Page: StatisticsPage },
  { path: "/jobs", title: (t) => t.jobs, right: "administers", part: "administration", Page: JobsPage, nested: true },
  { path: "/options", title: (t) => t.options, right: "administers", part: "administration", Page: OptionsPage },
  { path: "/mail", title: (t) => t.mails, right: "administers", part: "administration", Page: MailPage },
  { path: "/webhooks", title: (t) => t.webhooks, right: "administers", part: "administration", Page: WebhooksPage, nested: true },
  { path: "/changes", title: (t) => t.changes, right: "administers", part: "administration", Page: ChangesPage },
  { path: "/tokens", title: (t) => t.tokens, right: "administers", part: "administration", Page: TokensPage },
];

export const mayOpen = (section: Section, rights: Rights) => section.right === undefined || rights[section.right];
