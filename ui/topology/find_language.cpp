// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/topology/find_language.h"

#include "ui/topology/edge_words.h"

#include <QCoreApplication>
#include <QRegularExpression>

#include <array>
#include <cmath>
#include <optional>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

struct FindLanguage
{
    Q_DECLARE_TR_FUNCTIONS(meshyard::ui::FindLanguage)
};

enum class Operand { Name, Rate, Success, P50, P95, P99, Breaker };
enum class Comparison { Less, LessEqual, Equal, NotEqual, Greater, GreaterEqual };

/// What an edge (or the edges into a node) amount to.
struct Facts
{
    QString name;
    double rate = 0;
    std::optional<double> successPercent;
    std::array<std::optional<double>, 3> quantilesMs; // p50, p95, p99
    QString breaker;
};

bool compare(double left, Comparison comparison, double right)
{
    const bool same = std::abs(left - right) < 1e-9;
    switch (comparison) {
    case Comparison::Less:
        return left < right;
    case Comparison::LessEqual:
        return left < right || same;
    case Comparison::Equal:
        return same;
    case Comparison::NotEqual:
        return !same;
    case Comparison::Greater:
        return left > right;
    case Comparison::GreaterEqual:
        return left > right || same;
    }
    return false;
}

} // namespace

struct FindExpression::Term
{
    enum class Kind { And, Or, Not, Leaf };

    Kind kind = Kind::Leaf;
    std::unique_ptr<Term> left;
    std::unique_ptr<Term> right;
    Operand operand = Operand::Name;
    Comparison comparison = Comparison::Equal;
    QString word;
    double number = 0;

    bool matches(const Facts& facts) const;
    bool leafMatches(const Facts& facts) const;
};

bool FindExpression::Term::matches(const Facts& facts) const
{
    switch (kind) {
    case Kind::And:
        return left->matches(facts) && right->matches(facts);
    case Kind::Or:
        return left->matches(facts) || right->matches(facts);
    case Kind::Not:
        return !left->matches(facts);
    case Kind::Leaf:
        return leafMatches(facts);
    }
    return false;
}

bool FindExpression::Term::leafMatches(const Facts& facts) const
{
    const auto number_is = [this](const std::optional<double>& value) {
        return value && compare(*value, comparison, number);
    };
    switch (operand) {
    case Operand::Name:
        return facts.name.contains(word, Qt::CaseInsensitive);
    case Operand::Rate:
        return compare(facts.rate, comparison, number);
    case Operand::Success:
        return number_is(facts.successPercent);
    case Operand::P50:
        return number_is(facts.quantilesMs[0]);
    case Operand::P95:
        return number_is(facts.quantilesMs[1]);
    case Operand::P99:
        return number_is(facts.quantilesMs[2]);
    case Operand::Breaker: {
        const bool same = facts.breaker.compare(word, Qt::CaseInsensitive) == 0;
        return comparison == Comparison::NotEqual ? !same : same;
    }
    }
    return false;
}

namespace {

using Term = FindExpression::Term;

/// Recursive descent over: or → and → not → primary.
class Parser final
{
public:
    explicit Parser(const QString& text)
    {
        static const QRegularExpression token(u"\\(|\\)|<=|>=|!=|<|>|=|[^\\s()<>=!]+"_s);
        auto matches = token.globalMatch(text);
        while (matches.hasNext())
            m_tokens.push_back(matches.next().captured());
    }

    Result<std::unique_ptr<Term>> parse()
    {
        auto term = parseOr();
        if (term && m_at < m_tokens.size())
            return refuse(FindLanguage::tr("\"%1\" is not expected here.").arg(m_tokens.at(m_at)));
        return term;
    }

private:
    using Parsed = Result<std::unique_ptr<Term>>;

    static tl::unexpected<Error> refuse(const QString& sentence)
    {
        return failure(ErrorCode::InvalidArgument, sentence.toStdString());
    }
    QString peek() const { return m_at < m_tokens.size() ? m_tokens.at(m_at) : QString(); }
    bool take(const QString& word)
    {
        if (peek().compare(word, Qt::CaseInsensitive) != 0)
            return false;
        ++m_at;
        return true;
    }

    static Parsed join(Term::Kind kind, Parsed left, Parsed right)
    {
        if (!left || !right)
            return left ? std::move(right) : std::move(left);
        auto term = std::make_unique<Term>();
        term->kind = kind;
        term->left = std::move(*left);
        term->right = std::move(*right);
        return term;
    }

    Parsed parseOr()
    {
        Parsed left = parseAnd();
        while (left && take(u"or"_s))
            left = join(Term::Kind::Or, std::move(left), parseAnd());
        return left;
    }

    Parsed parseAnd()
    {
        Parsed left = parseNot();
        while (left && m_at < m_tokens.size() && peek() != u")"_s
            && peek().compare(u"or"_s, Qt::CaseInsensitive) != 0) {
            take(u"and"_s);
            left = join(Term::Kind::And, std::move(left), parseNot());
        }
        return left;
    }

    Parsed parseNot()
    {
        if (!take(u"not"_s))
            return parsePrimary();
        Parsed inner = parseNot();
        if (!inner)
            return inner;
        auto term = std::make_unique<Term>();
        term->kind = Term::Kind::Not;
        term->left = std::move(*inner);
        return term;
    }

    Parsed parsePrimary()
    {
        if (take(u"("_s)) {
            Parsed inner = parseOr();
            if (inner && !take(u")"_s))
                return refuse(FindLanguage::tr("A closing parenthesis is missing."));
            return inner;
        }
        if (m_at >= m_tokens.size())
            return refuse(FindLanguage::tr("Something is missing at the end."));
        const QString word = m_tokens.at(m_at++);
        const auto comparison = takeComparison();
        if (!comparison)
            return name(word);
        return figure(word, *comparison);
    }

    std::optional<Comparison> takeComparison()
    {
        static const std::pair<QString, Comparison> kSigns[] = {
            {u"<="_s, Comparison::LessEqual},
            {u">="_s, Comparison::GreaterEqual},
            {u"!="_s, Comparison::NotEqual},
            {u"<"_s, Comparison::Less},
            {u">"_s, Comparison::Greater},
            {u"="_s, Comparison::Equal},
        };
        for (const auto& [sign, comparison] : kSigns)
            if (take(sign))
                return comparison;
        return std::nullopt;
    }

    static Parsed name(const QString& word)
    {
        static const QRegularExpression kWord(u"[\\w./*-]+"_s);
        if (!kWord.match(word).hasMatch())
            return refuse(FindLanguage::tr("\"%1\" is not a name.").arg(word));
        auto term = std::make_unique<Term>();
        term->word = word;
        return term;
    }

    Parsed figure(const QString& word, Comparison comparison)
    {
        static const std::pair<QString, Operand> kOperands[] = {
            {u"name"_s, Operand::Name},
            {u"rate"_s, Operand::Rate},
            {u"success"_s, Operand::Success},
            {u"p50"_s, Operand::P50},
            {u"p95"_s, Operand::P95},
            {u"p99"_s, Operand::P99},
            {u"breaker"_s, Operand::Breaker},
        };
        auto term = std::make_unique<Term>();
        term->comparison = comparison;
        const auto* found = std::find_if(std::begin(kOperands), std::end(kOperands),
            [&](const auto& o) { return o.first.compare(word, Qt::CaseInsensitive) == 0; });
        if (found == std::end(kOperands))
            return refuse(FindLanguage::tr("\"%1\" is not a figure. There are rate, success, p50, "
                                           "p95, p99, breaker and name.")
                    .arg(word));
        term->operand = found->second;
        if (m_at >= m_tokens.size())
            return refuse(FindLanguage::tr("A value is missing after \"%1\".").arg(word));
        const QString value = m_tokens.at(m_at++);
        term->word = value;
        if (term->operand == Operand::Name || term->operand == Operand::Breaker)
            return term;
        const auto number = parseNumber(value);
        if (!number)
            return refuse(FindLanguage::tr("\"%1\" is not a number.").arg(value));
        term->number = *number;
        return term;
    }

    /// 10, 99%, 250ms, 1.5s (→ 1500), 80us (→ 0.08); latencies are milliseconds.
    static std::optional<double> parseNumber(QString text)
    {
        static const std::pair<QString, double> kUnits[] = {{u"rps"_s, 1}, {u"ms"_s, 1},
            {u"us"_s, 1e-3}, {u"µs"_s, 1e-3}, {u"%"_s, 1}, {u"s"_s, 1000}};
        double scale = 1;
        for (const auto& [unit, factor] : kUnits) {
            if (text.endsWith(unit)) {
                text.chop(unit.size());
                scale = factor;
                break;
            }
        }
        bool ok = false;
        const double value = text.toDouble(&ok);
        return ok ? std::optional(value * scale) : std::nullopt;
    }

    QStringList m_tokens;
    qsizetype m_at = 0;
};

QString breakerWord(const EdgeBreaker& breaker)
{
    switch (breaker.overrideKind) {
    case OverrideKind::ForcedOpen:
        return u"tripped"_s;
    case OverrideKind::ForcedClosed:
        return u"held"_s;
    case OverrideKind::Draining:
        return u"draining"_s;
    case OverrideKind::None:
        break;
    }
    if (breaker.state == BreakerState::Open)
        return u"open"_s;
    return breaker.state == BreakerState::HalfOpen ? u"half-open"_s : u"closed"_s;
}

Facts factsOf(const MeshModel& model, const EdgeState& edge)
{
    const EdgeWindow window = model.window(edge.edge.key);
    const EdgeWindow latency = model.latencyWindow(edge.edge.key);
    Facts facts;
    facts.name = QString::fromStdString(toString(edge.edge.key)) + u' ' + edgeText(edge.edge.key);
    facts.rate = window.rate();
    if (const auto success = window.success())
        facts.successPercent = *success * 100;
    const double quantiles[] = {0.5, 0.95, 0.99};
    for (std::size_t i = 0; i < 3; ++i)
        if (const auto micros = latency.latency.quantileMicros(quantiles[i]))
            facts.quantilesMs[i] = *micros / 1000;
    facts.breaker = breakerWord(edge.breaker);
    return facts;
}

} // namespace

FindExpression::FindExpression() = default;
FindExpression::FindExpression(FindExpression&&) noexcept = default;
FindExpression& FindExpression::operator=(FindExpression&&) noexcept = default;
FindExpression::~FindExpression() = default;

Result<FindExpression> FindExpression::parse(const QString& text)
{
    FindExpression expression;
    QString words = text.trimmed();
    if (words.startsWith(u"hide:"_s, Qt::CaseInsensitive)) {
        expression.m_hides = true;
        words = words.mid(5).trimmed();
    }
    if (words.isEmpty())
        return expression;
    auto root = Parser(words).parse();
    if (!root)
        return tl::unexpected(root.error());
    expression.m_root = std::move(*root);
    return expression;
}

bool FindExpression::matches(const MeshModel& model, const EdgeState& edge) const
{
    return !m_root || m_root->matches(factsOf(model, edge));
}

bool FindExpression::matches(const MeshModel& model, const Node& node) const
{
    if (!m_root)
        return true;
    Facts facts;
    facts.name = QString::fromStdString(toString(node.key)) + u' ' + nodeText(node.key);
    if (m_root->matches(facts))
        return true;
    for (const auto& [key, edge] : model.edges())
        if (key.destination == node.key && m_root->matches(factsOf(model, edge)))
            return true;
    return false;
}

} // namespace meshyard::ui
