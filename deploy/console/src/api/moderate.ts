// What moderators do with posts and users: one at a time, or many at once.
import {
  clearFlags,
  deleteAnswer,
  deleteComment,
  deleteQuestion,
  moderatePosts,
  moderateUsers,
  setApproval,
  setVisibility,
  type ActivityItem,
  type PostsAction,
  type UsersAction,
} from "@38qa/client";
import { dataOf } from "./failure";

type Decision = (item: ActivityItem, keepalive: boolean) => Promise<unknown>;

const approval =
  (approved: boolean): Decision =>
  ({ post }, keepalive) =>
    dataOf(setApproval({ path: { id: post.id }, body: { approved }, keepalive }));

const visibility =
  (hidden: boolean): Decision =>
  ({ post }, keepalive) =>
    dataOf(setVisibility({ path: { id: post.id }, body: { hidden }, keepalive }));

export const approve = approval(true);
export const reject = approval(false);
export const hide = visibility(true);
export const reshow = visibility(false);

export const takeFlags: Decision = ({ post }, keepalive) =>
  dataOf(clearFlags({ path: { id: post.id }, keepalive }));

export const deleteForGood: Decision = ({ post }) => {
  const path = { id: post.id };
  switch (post.type) {
    case "question":
      return dataOf(deleteQuestion({ path }));
    case "answer":
      return dataOf(deleteAnswer({ path }));
    default:
      return dataOf(deleteComment({ path }));
  }
};

/** The most that one request takes. */
const most = 100;

async function inParts<T>(ids: number[], send: (part: number[]) => Promise<{ items: T[] }>): Promise<T[]> {
  const all: T[] = [];
  for (let from = 0; from < ids.length; from += most) {
    all.push(...(await send(ids.slice(from, from + most))).items);
  }
  return all;
}

/** Does the same with many posts, and tells what became of each. */
export const withPosts = (action: PostsAction["action"]) => (ids: number[], keepalive: boolean) =>
  inParts(ids, (part) => dataOf(moderatePosts({ body: { action, ids: part }, keepalive })));

/** Does the same with many users, and tells what became of each. */
export const withUsers = (action: UsersAction["action"]) => (ids: number[], keepalive: boolean) =>
  inParts(ids, (part) => dataOf(moderateUsers({ body: { action, ids: part }, keepalive })));
