import { createAnswer, type Answer, type Question, type QuestionPage } from "@38qa/client";
import { useQuery, useQueryClient, type InfiniteData, type QueryClient } from "@tanstack/react-query";
import { Link } from "wouter";
import { useLiveThread } from "../api/live";
import { threadKey, threadOf } from "../api/queries";
import { useMember } from "../api/session";
import { withAnswer } from "../api/thread";
import { AnswerView } from "../components/AnswerView";
import { useAnnounce } from "../components/Announcer";
import { Author } from "../components/Author";
import { Comments } from "../components/Comments";
import { PageFailure } from "../components/Failure";
import { Loading } from "../components/Loading";
import { PageHeading } from "../components/PageHeading";
import { PostText } from "../components/PostText";
import { ReplyForm } from "../components/ReplyForm";
import { Tags } from "../components/Tags";
import { Votes } from "../components/Votes";
import { languageOf, useTexts } from "../texts/language";

export default function ThreadPage({ id }: { id: number }) {
  const t = useTexts();
  const queries = useQueryClient();
  const thread = useQuery(threadOf(id));
  const announce = useAnnounce();
  const member = useMember();
  useLiveThread(id, (what, by) => {
    // What one has just written comes back, too.
    if (by === undefined || by.id !== member?.id)
      announce((what === "answer" ? t.liveAnswer : t.liveComment)(by?.handle ?? t.anonymous));
  });
  if (thread.isError && !thread.data)
    return <PageFailure failure={thread.error} again={() => void thread.refetch()} />;
  const question = thread.data;
  const title = question?.title ?? titleFromLists(queries, id);
  return (
    <>
      <PageHeading
        key={id}
        title={title ?? t.loading}
        lang={title === undefined ? undefined : languageOf(title)}
        className="thread-title"
      />
      {question ? <Thread question={question} /> : <Loading />}
    </>
  );
}

/** The title, if a list or a search that was shown has it: then it need not be waited for. */
function titleFromLists(queries: QueryClient, id: number): string | undefined {
  const lists = queries.getQueriesData<InfiniteData<QuestionPage>>({
    predicate: ({ queryKey: [key] }) => typeof key === "object" && key !== null && "_infinite" in key,
  });
  return lists
    .flatMap(([, list]) => list?.pages ?? [])
    .flatMap((page) => page.items)
    .find((q) => q.id === id)?.title;
}

function Thread({ question }: { question: Question }) {
  const t = useTexts();
  const answers = question.answers ?? [];
  return (
    <>
      <ul className="facts thread-facts">
        {question.category && (
          <li className="fact" lang={languageOf(question.category.title)}>
            {question.category.title}
          </li>
        )}
        <li className="fact">{t.views(question.viewCount)}</li>
        {question.closed && <li className="fact">{t.closed}</li>}
      </ul>
      <article className="post question" data-question={question.id}>
        <Votes post={question} questionId={question.id} />
        <div className="post-main">
          <PostText html={question.html} content={question.content} />
          <Tags question={question} />
          <Author user={question.author} name={question.name} at={question.createdAt} />
          <Comments post={question} questionId={question.id} />
        </div>
      </article>
      <section aria-labelledby="answers">
        <h2 id="answers">{t.answers(answers.length)}</h2>
        {answers.map((answer) => (
          <AnswerView key={answer.id} answer={answer} />
        ))}
      </section>
      <AnswerForm question={question} />
    </>
  );
}

function AnswerForm({ question }: { question: Question }) {
  const t = useTexts();
  const member = useMember();
  const queries = useQueryClient();
  if (question.closed) return null;
  if (!member) {
    return (
      <p>
        <Link className="button strong" href={`/sign-in?to=/questions/${question.id}`}>
          {t.signInToAnswer}
        </Link>
      </p>
    );
  }
  const put = (answer: Answer) => {
    queries.setQueryData<Question>(threadKey(question.id), (thread) => thread && withAnswer(thread, answer));
    // What may be done with the question has changed: most sites take one answer from each member.
    void queries.invalidateQueries({ queryKey: threadKey(question.id) });
  };
  if (question.can?.answer !== true) return null;
  return (
    <section className="your-answer">
      <ReplyForm
        name={`answer-${question.id}`}
        label={t.yourAnswer}
        submit={t.addAnswer}
        onPosted={put}
        send={async (content, key) => {
          const { data } = await createAnswer({
            path: { id: question.id },
            body: { content, format: "markdown" },
            headers: { "Idempotency-Key": key },
            throwOnError: true,
          });
          return data;
        }}
      />
    </section>
  );
}
