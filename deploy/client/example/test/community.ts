// More questions than fit on a page of the list.
import { ask, newPerson } from "./people";

export default async function prepare(): Promise<void> {
  for (let member = 0; member < 4; member++) {
    const person = await newPerson("asker");
    for (let i = 0; i < 9; i++) await ask(person);
  }
}
