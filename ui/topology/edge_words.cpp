// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/topology/edge_words.h"

#include "ui/theme/figures.h"

#include <QCoreApplication>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

struct EdgeWords
{
    Q_DECLARE_TR_FUNCTIONS(meshyard::ui::EdgeWords)
};

QString qs(const std::string& text)
{
    return QString::fromStdString(text);
}

QString latencyPart(
    const MeshModel& model, const EdgeState& edge, double quantile, const QString& name)
{
    const EdgeWindow window = model.latencyWindow(edge.edge.key);
    return EdgeWords::tr("%1 %2").arg(
        name, latencyFigure(window.latency.quantileMicros(quantile)).text());
}

QString overrideWords(const EdgeBreaker& b)
{
    const QString left = countdownText(b.secondsLeft);
    switch (b.overrideKind) {
    case OverrideKind::ForcedOpen:
        return b.secondsLeft > 0 ? EdgeWords::tr("tripped · %1 left").arg(left)
                                 : EdgeWords::tr("tripped");
    case OverrideKind::ForcedClosed:
        return b.secondsLeft > 0 ? EdgeWords::tr("held closed · %1 left").arg(left)
                                 : EdgeWords::tr("held closed");
    case OverrideKind::Draining:
        return EdgeWords::tr("draining %1 %").arg(b.drainPercent);
    case OverrideKind::None:
        break;
    }
    return {};
}

QString causeText(const BreakerTransition& t)
{
    const QString observed = threeDigits(t.observed * 100);
    switch (t.cause) {
    case BreakerCause::Consecutive:
        return EdgeWords::tr("%1 failures in a row").arg(threeDigits(t.observed));
    case BreakerCause::FailureRatio:
        return EdgeWords::tr("%1 % of %2 calls failed").arg(observed).arg(t.calls);
    case BreakerCause::SlowRatio:
        return EdgeWords::tr("%1 % of %2 calls were slow").arg(observed).arg(t.calls);
    case BreakerCause::TrialFailed:
        return EdgeWords::tr("trial calls failed");
    case BreakerCause::TrialPassed:
        return EdgeWords::tr("trial calls succeeded");
    case BreakerCause::Timer:
        return EdgeWords::tr("its time was up");
    case BreakerCause::Operator:
        return t.operatorName.empty() ? EdgeWords::tr("by an operator")
                                      : EdgeWords::tr("by %1").arg(qs(t.operatorName));
    case BreakerCause::OverrideExpired:
        return EdgeWords::tr("the override ended");
    case BreakerCause::PolicyChange:
        return EdgeWords::tr("the policy changed");
    case BreakerCause::Unspecified:
        break;
    }
    return {};
}

QString transitionText(const Event& event, EventWords words)
{
    const BreakerTransition& t = *event.transition;
    const QString where = event.edge ? edgeText(*event.edge) : qs(t.cluster);
    const QString why = causeText(t);
    QString what;
    if (t.to == BreakerState::Open)
        what = EdgeWords::tr("%1 opened on %2");
    else if (t.to == BreakerState::HalfOpen)
        what = EdgeWords::tr("%1 half-open on %2");
    else
        what = EdgeWords::tr("%1 closed on %2");
    if (words == EventWords::OfItsEdge)
        what = t.to == BreakerState::Open    ? EdgeWords::tr("opened on %1")
            : t.to == BreakerState::HalfOpen ? EdgeWords::tr("half-open on %1")
                                             : EdgeWords::tr("closed on %1");
    what = words == EventWords::OfItsEdge ? what.arg(qs(event.instance))
                                          : what.arg(where, qs(event.instance));
    return why.isEmpty() ? what : EdgeWords::tr("%1: %2").arg(what, why);
}

/// What an operator did to an edge, or the end of it.
QString overrideEventText(const Event& event, EventWords words)
{
    const BreakerTransition& t = *event.transition;
    QString what;
    if (t.cause == BreakerCause::OverrideExpired)
        what = EdgeWords::tr("the override ended");
    else if (t.overrideKind == OverrideKind::ForcedOpen)
        what = EdgeWords::tr("tripped by %1");
    else if (t.overrideKind == OverrideKind::ForcedClosed)
        what = EdgeWords::tr("held closed by %1");
    else if (t.overrideKind == OverrideKind::Draining)
        what = EdgeWords::tr("draining, by %1");
    else
        what = EdgeWords::tr("released by %1");
    if (what.contains(u"%1"_s))
        what = what.arg(event.actor.empty() ? EdgeWords::tr("somebody") : qs(event.actor));
    if (words == EventWords::OfItsEdge || !event.edge)
        return what;
    return EdgeWords::tr("%1: %2").arg(edgeText(*event.edge), what);
}

} // namespace

QString nodeText(const NodeKey& key)
{
    return key.version.empty() ? qs(key.service) : qs(key.service) + u' ' + qs(key.version);
}

QString edgeText(const EdgeKey& key)
{
    return nodeText(key.source) + u" → "_s + nodeText(key.destination);
}

QString selectorText(const EdgeSelector& s)
{
    const QString source = s.sourceService.empty()
        ? EdgeWords::tr("any caller")
        : nodeText({s.sourceNamespace, s.sourceService, s.sourceVersion});
    return source + u" → "_s
        + nodeText({s.destinationNamespace, s.destinationService, s.destinationVersion});
}

EdgeSelector selectorOf(const EdgeKey& key)
{
    EdgeSelector selector;
    selector.sourceNamespace = key.source.ns;
    selector.sourceService = key.source.service;
    selector.sourceVersion = key.source.version;
    selector.destinationNamespace = key.destination.ns;
    selector.destinationService = key.destination.service;
    if (key.subset != "*")
        selector.subset = key.subset;
    return selector;
}

bool covers(const EdgeSelector& s, const EdgeKey& key)
{
    const auto same = [](const std::string& wanted, const std::string& actual) {
        return wanted.empty() || wanted == "*" || wanted == actual;
    };
    return same(s.sourceNamespace, key.source.ns) && same(s.sourceService, key.source.service)
        && same(s.sourceVersion, key.source.version)
        && same(s.destinationNamespace, key.destination.ns)
        && same(s.destinationService, key.destination.service) && same(s.subset, key.subset)
        && same(s.destinationVersion, key.destination.version);
}

QString edgeLabel(const MeshModel& model, const EdgeState& edge, EdgeFigure figure)
{
    const EdgeWindow window = model.window(edge.edge.key);
    if (window.seconds == 0 || window.outcomes.finished() == 0)
        return {};
    const QString rate = rateFigure(window.rate()).text();
    QString second;
    switch (figure) {
    case EdgeFigure::Rate:
        return rate;
    case EdgeFigure::P50:
        second = latencyPart(model, edge, 0.50, u"p50"_s);
        break;
    case EdgeFigure::P95:
        second = latencyPart(model, edge, 0.95, u"p95"_s);
        break;
    case EdgeFigure::P99:
        second = latencyPart(model, edge, 0.99, u"p99"_s);
        break;
    case EdgeFigure::Success:
        second = EdgeWords::tr("%1 ok").arg(percentFigure(window.success()).text());
        break;
    case EdgeFigure::Bytes: {
        const double bytes = static_cast<double>(window.bytesIn + window.bytesOut);
        second = bytesPerSecondFigure(bytes / window.seconds).text();
        break;
    }
    }
    const auto success = window.success();
    if (figure != EdgeFigure::Success && success && *success < 0.9995)
        second = EdgeWords::tr("%1 ok · %2").arg(percentFigure(success).text(), second);
    return rate + u" · "_s + second;
}

QString breakerWords(const EdgeBreaker& b)
{
    if (b.overrideKind != OverrideKind::None)
        return overrideWords(b);
    const std::uint32_t all = std::max(1U, b.instances);
    if (b.state == BreakerState::Open)
        return b.observeOnly ? EdgeWords::tr("would be open")
                             : EdgeWords::tr("%1/%2 open").arg(b.openInstances).arg(all);
    if (b.state == BreakerState::HalfOpen)
        return b.trialsWanted > 0
            ? EdgeWords::tr("trial %1/%2").arg(b.trialsIssued).arg(b.trialsWanted)
            : EdgeWords::tr("half-open");
    if (b.limited)
        return b.limitInFlight > 0 ? EdgeWords::tr("limited to %1").arg(b.limitInFlight)
                                   : EdgeWords::tr("limited");
    if (b.panic)
        return EdgeWords::tr("panic routing");
    if (b.ejectedEndpoints > 0)
        return EdgeWords::tr("%1/%2 ejected").arg(b.ejectedEndpoints).arg(b.endpoints);
    return {};
}

QString eventText(const Event& event, EventWords words)
{
    if (event.kind == EventKind::Breaker && event.transition)
        return transitionText(event, words);
    if (event.kind == EventKind::Override && event.transition)
        return overrideEventText(event, words);
    if (event.kind == EventKind::Nack)
        return EdgeWords::tr("%1 refused revision %2: %3")
            .arg(qs(event.instance))
            .arg(event.revision)
            .arg(qs(event.text));
    if (event.kind == EventKind::Revision && !qs(event.text).startsWith(u"revision"_s))
        return event.text.empty()
            ? EdgeWords::tr("revision %1").arg(event.revision)
            : EdgeWords::tr("revision %1: %2").arg(event.revision).arg(qs(event.text));
    return qs(event.text);
}

QString knowledgeText(Knowledge known)
{
    switch (known) {
    case Knowledge::Known:
        return EdgeWords::tr("known: our sidecars");
    case Knowledge::Inferred:
        return EdgeWords::tr("inferred from an Envoy's statistics");
    case Knowledge::Stale:
        return EdgeWords::tr("stale: its callers are silent");
    case Knowledge::Unknown:
    case Knowledge::Unspecified:
        break;
    }
    return EdgeWords::tr("unknown");
}

QString protocolText(Protocol protocol)
{
    switch (protocol) {
    case Protocol::Http1:
        return u"HTTP"_s;
    case Protocol::Http2:
        return u"HTTP/2"_s;
    case Protocol::Grpc:
        return u"gRPC"_s;
    case Protocol::Tcp:
        return u"TCP"_s;
    case Protocol::Unspecified:
        break;
    }
    return EdgeWords::tr("unknown protocol");
}

QString breakerStateText(BreakerState state)
{
    switch (state) {
    case BreakerState::Closed:
        return EdgeWords::tr("closed");
    case BreakerState::Open:
        return EdgeWords::tr("open");
    case BreakerState::HalfOpen:
        return EdgeWords::tr("half-open");
    case BreakerState::Unspecified:
        break;
    }
    return EdgeWords::tr("unknown");
}

QString edgeSentence(const MeshModel& model, const EdgeState& edge)
{
    const QString label = edgeLabel(model, edge, EdgeFigure::P99);
    const QString words = breakerWords(edge.breaker);
    QString traffic = label.isEmpty() ? EdgeWords::tr("no traffic") : label;
    if (edge.health == Health::Stale)
        traffic = EdgeWords::tr("no report for %1").arg(ageText(edge.ageMs));
    //: read aloud; %1 an edge, %2 its traffic, %3 the state of its breaker
    return EdgeWords::tr("%1, %2, breaker %3")
        .arg(edgeText(edge.edge.key), traffic,
            words.isEmpty() ? breakerStateText(edge.breaker.state) : words);
}

} // namespace meshyard::ui
