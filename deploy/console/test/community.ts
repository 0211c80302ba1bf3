// What new people write waits for approval in the community of the tests.
import { signedIn } from "./people";

export default async function prepare(): Promise<void> {
  const queen = await signedIn("administrator");
  await queen.do("PATCH", "/v1/admin/options", {
    options: { moderate_by_points: true, moderate_points_limit: 9999, permit_flag: "users", moderate_users: true },
  });
}
