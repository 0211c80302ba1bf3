import { approveUser, blockUser, listUnapprovedUsers, type UserListItem } from "@38qa/client";
import { useQueryClient } from "@tanstack/react-query";
import { dataOf } from "../api/failure";
import { withUsers } from "../api/moderate";
import { usePages } from "../api/load";
import { Addresses } from "../components/Addresses";
import { Queue } from "../components/Queue";
import { Badge, Facts, Handle, Heading, Loaded, More, Time } from "../components/Show";
import { useTexts } from "../texts/language";

export function UserQueuePage() {
  const t = useTexts();
  const queries = useQueryClient();
  const query = usePages(["moderation", "users"], (cursor, signal) =>
    listUnapprovedUsers({ query: { limit: 50, cursor }, signal }),
  );
  return (
    <>
      <Heading>{t.waitingUsers}</Heading>
      <Loaded query={query}>
        {() => (
          <Queue<UserListItem>
            items={query.items}
            idOf={(user) => user.id}
            nameOf={(user) => user.handle}
            onDone={() => void queries.invalidateQueries({ queryKey: ["moderation", "users"] })}
            actions={[
              {
                key: "a",
                label: t.approve,
                done: t.approved,
                strong: true,
                send: ({ handle }, keepalive) => dataOf(approveUser({ path: { handle }, keepalive })),
                sendMany: withUsers("approve"),
              },
              {
                key: "b",
                label: t.block,
                done: t.blockedNow,
                danger: true,
                send: ({ handle }, keepalive) => dataOf(blockUser({ path: { handle }, keepalive })),
                sendMany: withUsers("block"),
              },
            ]}
            show={(user, open) => (
              <article className="post open">
                <h2>
                  <Handle handle={user.handle} />
                </h2>
                <p className="about">
                  {user.email !== undefined && <span>{user.email}</span>}
                  {user.emailConfirmed !== undefined && (
                    <Badge kind={user.emailConfirmed ? "good" : undefined}>
                      {user.emailConfirmed ? t.confirmed : t.unconfirmed}
                    </Badge>
                  )}
                  <Time at={user.createdAt} />
                </p>
                {open && (
                  <>
                    <Facts
                      facts={[
                        [t.level, t.levels[user.level] ?? user.level],
                        [t.points, user.points ?? "–"],
                      ]}
                    />
                    <Addresses handle={user.handle} email={user.email} />
                  </>
                )}
              </article>
            )}
          />
        )}
      </Loaded>
      <More query={query} />
    </>
  );
}
