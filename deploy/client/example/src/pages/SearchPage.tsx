import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useSearchParams } from "wouter";
import { searchFor } from "../api/queries";
import { useAnnounce } from "../components/Announcer";
import { Failure } from "../components/Failure";
import { Loading } from "../components/Loading";
import { PageHeading } from "../components/PageHeading";
import { QuestionCard } from "../components/QuestionCard";
import { useTexts } from "../texts/language";

export function SearchPage() {
  const t = useTexts();
  const announce = useAnnounce();
  const [parameters] = useSearchParams();
  const q = parameters.get("q") ?? "";
  const search = useInfiniteQuery({ ...searchFor(q), enabled: q !== "" });
  const found = q === "" ? [] : (search.data?.pages.flatMap((page) => page.items) ?? []);
  const whole = !search.hasNextPage;
  const current = q !== "" && search.isSuccess && !search.isPlaceholderData;

  const summary = found.length === 0 ? t.foundNothing(q) : (whole ? t.found : t.foundMore)(found.length, q);
  useEffect(() => {
    if (current) announce(summary);
  }, [current, summary, announce]);

  return (
    <>
      <PageHeading title={q === "" ? t.search : `${t.search}: ${q}`}>
        {current ? summary : t.search}
      </PageHeading>
      {q === "" && <p>{t.searchHint}</p>}
      {q !== "" && search.isPending && <Loading cards={3} />}
      {search.isError && <Failure failure={search.error} again={() => void search.refetch()} />}
      <ol className="cards" aria-busy={search.isFetching}>
        {found.map((question) => (
          <li key={question.id}>
            <QuestionCard question={question} />
          </li>
        ))}
      </ol>
      {current && !whole && (
        <p className="end">
          <button
            type="button"
            className="button"
            onClick={() => void search.fetchNextPage()}
            aria-disabled={search.isFetching}>
            {search.isFetchingNextPage ? t.loading : t.more}
          </button>
        </p>
      )}
    </>
  );
}
