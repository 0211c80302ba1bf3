import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Link, useSearchParams } from "wouter";
import { useLiveList } from "../api/live";
import { listOf, orders, type Order } from "../api/queries";
import { useAnnounce } from "../components/Announcer";
import { Failure } from "../components/Failure";
import { Loading } from "../components/Loading";
import { PageHeading } from "../components/PageHeading";
import { QuestionCard } from "../components/QuestionCard";
import { useTexts } from "../texts/language";

export function ListPage() {
  const t = useTexts();
  const announce = useAnnounce();
  const [parameters] = useSearchParams();
  const order: Order = orders.find((o) => o === parameters.get("order")) ?? "recent";
  const list = useInfiniteQuery(listOf(order));
  const { fresh, showFresh } = useLiveList(order);
  const questions = list.data?.pages.flatMap((page) => page.items) ?? [];

  const count = questions.length;
  useEffect(() => {
    if (count > 0) announce(t.shown(count));
  }, [count, announce, t]);

  return (
    <>
      <PageHeading title={t.questions} />
      <nav className="orders" aria-label={t.order}>
        {orders.map((o) => (
          <Link
            key={o}
            href={o === "recent" ? "/" : `/?order=${o}`}
            aria-current={o === order ? "page" : undefined}>
            {t[o]}
          </Link>
        ))}
      </nav>
      {fresh > 0 && (
        <button type="button" className="button fresh" onClick={showFresh}>
          {t.newQuestions(fresh)}
        </button>
      )}
      {list.isPending && <Loading cards={6} />}
      {list.isSuccess && count === 0 && <p>{t.noQuestions}</p>}
      <ol className="cards">
        {questions.map((question) => (
          <li key={question.id}>
            <QuestionCard question={question} />
          </li>
        ))}
      </ol>
      {list.isError && (
        <Failure
          failure={list.error}
          again={() => void (count > 0 ? list.fetchNextPage() : list.refetch())}
        />
      )}
      {list.hasNextPage && !list.isError && (
        <More pending={list.isFetchingNextPage} load={() => void list.fetchNextPage()} />
      )}
      {list.isSuccess && !list.hasNextPage && count > 0 && <p className="end">{t.allShown}</p>}
    </>
  );
}

/** Loads the next page when it comes near; and a button, for those who do not scroll. */
function More({ pending, load }: { pending: boolean; load: () => void }) {
  const t = useTexts();
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const near = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting && !pending) load();
      },
      { rootMargin: "400px" },
    );
    if (button.current) near.observe(button.current);
    return () => near.disconnect();
  }, [pending, load]);
  return (
    <p className="end">
      <button ref={button} type="button" className="button" onClick={load} aria-disabled={pending}>
        {pending ? t.loading : t.more}
      </button>
    </p>
  );
}
