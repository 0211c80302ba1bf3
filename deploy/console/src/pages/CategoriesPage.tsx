// The categories: for administrators a tree that they edit, for others one that they read.
import { listCategories, type CategoryInfo } from "@38qa/client";
import { useLoad } from "../api/load";
import { useAccount } from "../api/session";
import { Heading, Loaded } from "../components/Show";
import { useTexts } from "../texts/language";
import { CategoryTree } from "./CategoryTree";

export default function CategoriesPage() {
  const { rights } = useAccount();
  return rights.administers ? <CategoryTree /> : <Categories />;
}

function Categories() {
  const t = useTexts();
  const query = useLoad(["categories"], (signal) => listCategories({ signal }));
  return (
    <>
      <Heading>{t.categories}</Heading>
      <Loaded query={query}>
        {() => {
          const categories = query.data?.items ?? [];
          return categories.length === 0 ? <p className="nothing">{t.nothing}</p> : <Branch categories={categories} />;
        }}
      </Loaded>
    </>
  );
}

function Branch({ categories }: { categories: CategoryInfo[] }) {
  const t = useTexts();
  return (
    <ul className="tree">
      {categories.map((category) => (
        <li key={category.id}>
          <div>
            <strong>{category.title}</strong> <code className="soft">{category.path}</code>{" "}
            <span className="soft">{t.questionsIn(category.questionCount)}</span>
            {category.description !== undefined && category.description !== "" && (
              <p className="soft">{category.description}</p>
            )}
          </div>
          {category.children !== undefined && category.children.length > 0 && (
            <Branch categories={category.children} />
          )}
        </li>
      ))}
    </ul>
  );
}
