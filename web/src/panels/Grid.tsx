/** A dense table: sortable heads, only the rows in view in the document, fixed tracks. */
import {
  type ColumnDef,
  createSortedRowModel,
  rowSortingFeature,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type ReactNode, useMemo, useRef } from "react";

export interface Column<Row> {
  key: string;
  head: string;
  /** Track width in pixels; one column may go without and takes what is left. */
  width?: number;
  /** Its width on a page under 720 px, when that differs. */
  narrow?: number;
  align?: "right";
  /** The narrowest page that shows it: 0 always, 1 from 720 px, 2 from 1,200 px. */
  from?: 0 | 1 | 2;
  sort?: (row: Row) => string | number;
  cell: (row: Row) => ReactNode;
}

interface GridProps<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  id: (row: Row) => string;
  empty: string;
  selected?: string | null;
  onSelect?: (row: Row) => void;
  footer?: ReactNode;
}

const ROW_PX = 26;
const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() });

function byValue(left: unknown, right: unknown): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  return String(left).localeCompare(String(right));
}

export function Grid<Row extends object>(props: GridProps<Row>): ReactNode {
  const { columns, rows, id, label, empty, selected, onSelect, footer } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const definitions = useMemo(() => columns.map(definition), [columns]);
  const table = useTable({ features, columns: definitions, data: rows as Row[], getRowId: id });
  const sorted = table.getRowModel().rows;
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  const shown = virtual.getVirtualItems();
  const above = shown[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (shown.at(-1)?.end ?? 0);
  return (
    <div className="grid" ref={scroller} tabIndex={0} role="region" aria-label={label}>
      <table aria-rowcount={sorted.length}>
        <colgroup>
          {columns.map((column) => (
            <col key={column.key} className={`from-${column.from ?? 0}`} style={trackOf(column)} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {table.getFlatHeaders().map((header, at) => (
              <Head key={header.id} column={columns[at]} sorted={header.column.getIsSorted()}>
                {header.column.getCanSort() ? (
                  <button type="button" onClick={header.column.getToggleSortingHandler()}>
                    {columns[at]?.head}
                  </button>
                ) : (
                  columns[at]?.head
                )}
              </Head>
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <tr style={{ height: above }} aria-hidden />}
          {shown.map(({ index }) => {
            const row = sorted[index];
            if (!row) return null;
            return (
              <tr
                key={row.id}
                data-id={row.id}
                aria-selected={onSelect ? row.id === selected : undefined}
                onClick={onSelect && (() => onSelect(row.original))}
              >
                {columns.map((column) => (
                  <td key={column.key} className={classesOf(column)}>
                    {column.cell(row.original)}
                  </td>
                ))}
              </tr>
            );
          })}
          {below > 0 && <tr style={{ height: below }} aria-hidden />}
        </tbody>
      </table>
      {rows.length === 0 && <p className="empty">{empty}</p>}
      {footer}
    </div>
  );
}

function definition<Row extends object>(column: Column<Row>): ColumnDef<typeof features, Row> {
  const { key, head, sort } = column;
  return {
    id: key,
    header: head,
    accessorFn: (row: Row) => sort?.(row) ?? null,
    enableSorting: sort !== undefined,
    sortFn: (left: { original: Row }, right: { original: Row }) =>
      byValue(sort?.(left.original), sort?.(right.original)),
  } as ColumnDef<typeof features, Row>;
}

interface HeadProps {
  column: { align?: "right"; from?: 0 | 1 | 2 } | undefined;
  sorted: false | "asc" | "desc";
  children: ReactNode;
}

function Head({ column, sorted, children }: HeadProps): ReactNode {
  const order = sorted === "asc" ? "ascending" : sorted === "desc" ? "descending" : undefined;
  return (
    <th scope="col" className={column && classesOf(column)} aria-sort={order}>
      {children}
      <span aria-hidden className="sort">
        {sorted === "asc" ? "↑" : sorted === "desc" ? "↓" : ""}
      </span>
    </th>
  );
}

/** Widths as custom properties, so that the style sheet can choose by the page's width. */
function trackOf({ width, narrow }: { width?: number; narrow?: number }): CSSProperties {
  const wide = width === undefined ? "auto" : `${width}px`;
  return { "--wide": wide, "--narrow": narrow === undefined ? wide : `${narrow}px` } as CSSProperties;
}

function classesOf({ align, from = 0 }: { align?: "right"; from?: 0 | 1 | 2 }): string {
  return `from-${from}${align ? " right" : ""}`;
}
