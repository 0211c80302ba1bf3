import { Link } from "wouter";
import { isNotFound, sentence } from "../api/failure";
import { useTexts } from "../texts/language";
import { PageHeading } from "./PageHeading";

/** Says what went wrong where something should have been, and offers to try again. */
export function Failure({ failure, again }: { failure: unknown; again: () => void }) {
  const t = useTexts();
  return (
    <div className="notice bad" role="alert">
      <p>{sentence(failure, t)}</p>
      <button type="button" className="button" onClick={again}>
        {t.retry}
      </button>
    </div>
  );
}

/** Instead of a page whose subject could not be loaded. */
export function PageFailure({ failure, again }: { failure: unknown; again: () => void }) {
  const t = useTexts();
  if (isNotFound(failure)) return <NotFound />;
  return (
    <>
      <PageHeading title={t.failed} className="unseen" />
      <Failure failure={failure} again={again} />
    </>
  );
}

export function NotFound() {
  const t = useTexts();
  return (
    <div className="not-found">
      <svg viewBox="0 0 96 96" aria-hidden="true">
        <path d="M48 6 84 27v42L48 90 12 69V27z" />
        <path d="M34 42h.1M62 42h.1M36 62c7-6 17-6 24 0" />
      </svg>
      <PageHeading title={t.notFound} />
      <p>{t.notFoundText}</p>
      <p>
        <Link href="/" className="button strong">
          {t.toQuestions}
        </Link>
      </p>
    </div>
  );
}
