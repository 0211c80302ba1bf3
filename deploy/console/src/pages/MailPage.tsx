import { deleteMail, listDeadMails, retryMail } from "@38qa/client";
import { useQueryClient } from "@tanstack/react-query";
import { dataOf } from "../api/failure";
import { usePages } from "../api/load";
import { Badge, Facts, Handle, Heading, Loaded, More, Table, Time } from "../components/Show";
import { useToasts } from "../components/Toasts";
import { useTexts } from "../texts/language";

export default function MailPage() {
  const t = useTexts();
  const queries = useQueryClient();
  const { say, warn } = useToasts();
  const query = usePages(["mail"], (cursor, signal) => listDeadMails({ query: { limit: 30, cursor }, signal }));
  const counts = query.data?.pages[0]?.queue;
  async function act(work: Promise<unknown>, text: string) {
    try {
      await work;
      say(text);
    } catch (failure) {
      warn(failure);
    }
    await queries.invalidateQueries({ queryKey: ["mail"] });
  }
  return (
    <>
      <Heading>{t.mails}</Heading>
      <Loaded query={query}>
        {() => (
          <>
            {counts && (
              <Facts
                facts={[
                  [t.mailWaiting, counts.waiting],
                  [t.mailDue, counts.due],
                  [t.mailFailed, counts.failed],
                  [t.mailOldest, counts.oldestAt ? <Time at={counts.oldestAt} /> : "–"],
                ]}
              />
            )}
            <h2>{t.deadMails}</h2>
            {query.items.length === 0 ? (
              <p className="nothing">{t.nothing}</p>
            ) : (
              <Table label={t.deadMails} head={[t.when, t.kind, t.recipient, t.state, t.attempts, t.reason, t.actions]}>
                {query.items.map((mail) => (
                  <tr key={mail.id}>
                    <td>
                      <Time at={mail.at} />
                    </td>
                    <td>{mail.kind}</td>
                    <td>{mail.user ? <Handle handle={mail.user.handle} /> : "–"}</td>
                    <td>
                      <Badge kind="bad">{mail.outcome === "refused" ? t.refused : t.givenUp}</Badge>
                    </td>
                    <td className="number">{mail.attempts}</td>
                    <td lang="en">{mail.reason}</td>
                    <td className="row">
                      <button
                        type="button"
                        className="button"
                        onClick={() => void act(dataOf(retryMail({ path: { id: mail.id } })), t.retried)}
                      >
                        {t.retry}
                      </button>
                      <button
                        type="button"
                        className="button"
                        onClick={() => void act(dataOf(deleteMail({ path: { id: mail.id } })), t.dropped)}
                      >
                        {t.drop}
                      </button>
                    </td>
                  </tr>
                ))}
              </Table>
            )}
          </>
        )}
      </Loaded>
      <More query={query} />
    </>
  );
}
