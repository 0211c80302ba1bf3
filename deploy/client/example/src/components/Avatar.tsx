import type { UserSummary } from "@38qa/client";

/** The member's picture, or the first letter of the name: that needs no request. */
export function Avatar({ user, size = 24 }: { user?: UserSummary; size?: number }) {
  if (user?.avatarUrl !== undefined) {
    return (
      <img
        className="avatar"
        src={user.avatarUrl}
        alt=""
        width={size}
        height={size}
        loading="lazy"
        decoding="async"
      />
    );
  }
  const letter = [...(user?.handle ?? "?")][0]?.toUpperCase();
  return (
    <span
      className="avatar"
      aria-hidden="true"
      data-hue={(user?.id ?? 0) % 6}
      style={{ width: size, height: size, fontSize: size * 0.5 }}>
      {letter}
    </span>
  );
}
