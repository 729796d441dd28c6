// Package slots says what can be booked: which office, which business, which
// hours, how many places. Who has booked is none of its business.
//
// The words:
//
//   - An office (登记处) offers services (业务类型), and every service belongs to a
//     business group. Places are counted by group, never by service.
//   - A schedule is a weekly Template with seasons, in force from a date on. An
//     Exception makes one day unlike others: a special day (特殊日期), or one that is
//     closed. The Calendar says which days are statutory holidays and which
//     weekends are worked instead.
//   - A slot (时段) is a stretch of a day in which couples are received. Expand
//     makes the slots of a day out of template, calendar and exception.
//   - A quota (号源) counts the places of one slot, business group and channel. A
//     cap counts several quotas together: those of a half day, a day or the hall.
//   - Publish (发布) writes the slots and quotas of a range of days. Places go on
//     sale at the release (放号), the release clock of a day some weeks before.
//   - A Suspension (暂停) closes days. It ends earlier or later by further rows,
//     not by changing the first.
//
// Deciding is done by plain functions (Expand, Split, OpensAt, ClosesAt and the
// plan of Publish); the Store reads, lets them decide, and writes.
//
// Locks are taken in one order everywhere: the office row, then quotas in the
// order of their ids.
package slots
