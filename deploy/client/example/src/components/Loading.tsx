import { useTexts } from "../texts/language";

/** Grey bars in the shape of what is coming, so that nothing jumps when it is there. */
export function Loading({ cards = 0 }: { cards?: number }) {
  const t = useTexts();
  return (
    <div role="status" className="loading">
      <span className="unseen">{t.loading}</span>
      {Array.from({ length: cards }, (_, i) => (
        <div key={i} className="card ghost" aria-hidden="true">
          <i />
          <i />
          <i />
        </div>
      ))}
      {cards === 0 && (
        <div className="ghost" aria-hidden="true">
          <i />
          <i />
          <i />
        </div>
      )}
    </div>
  );
}
