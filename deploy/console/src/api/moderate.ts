// What moderators do with posts, one at a time.
import {
  clearFlags,
  deleteAnswer,
  deleteComment,
  deleteQuestion,
  setApproval,
  setVisibility,
  type ActivityItem,
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
