<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en">
<context>
    <name>meshyard::ui::BlastRadius</name>
    <message numerus="yes">
        <source>Rejects %1 from %n caller(s).</source>
        <translation>
            <numerusform>Rejects %1 from %n caller.</numerusform>
            <numerusform>Rejects %1 from %n callers.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>meshyard::ui::EdgePanel</name>
    <message numerus="yes">
        <source>%n caller(s)</source>
        <translation>
            <numerusform>%n caller</numerusform>
            <numerusform>%n callers</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>meshyard::ui::MainWindow</name>
    <message numerus="yes">
        <source>%n breaker(s) not closed</source>
        <translation>
            <numerusform>%n breaker not closed</numerusform>
            <numerusform>%n breakers not closed</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n proxies not in sync</source>
        <translation>
            <numerusform>%n proxy not in sync</numerusform>
            <numerusform>%n proxies not in sync</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>meshyard::ui::PolicyPage</name>
    <message numerus="yes">
        <source>%n error(s): nothing is applied until they are gone</source>
        <translation>
            <numerusform>%n error: nothing is applied until it is gone</numerusform>
            <numerusform>%n errors: nothing is applied until they are gone</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>meshyard::ui::PolicySummary</name>
    <message numerus="yes">
        <source>%n route(s)</source>
        <translation>
            <numerusform>%n route</numerusform>
            <numerusform>%n routes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n subset(s)</source>
        <translation>
            <numerusform>%n subset</numerusform>
            <numerusform>%n subsets</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>meshyard::ui::SceneWords</name>
    <message numerus="yes">
        <source>%n version(s)</source>
        <translation>
            <numerusform>%n version</numerusform>
            <numerusform>%n versions</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>meshyard::ui::StatusStrip</name>
    <message numerus="yes">
        <source>%n override(s): %1</source>
        <extracomment>%1 describes the first of them, e.g. &quot;reviews v3 → ratings, 8:12 left&quot;</extracomment>
        <translation>
            <numerusform>%n override: %1</numerusform>
            <numerusform>%n overrides: %1</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n breaker(s) open</source>
        <translation>
            <numerusform>%n breaker open</numerusform>
            <numerusform>%n breakers open</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n breaker(s) half-open</source>
        <translation>
            <numerusform>%n breaker half-open</numerusform>
            <numerusform>%n breakers half-open</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>meshyard::ui::TopBar</name>
    <message numerus="yes">
        <source>All %n proxies have acknowledged it. Click for the list of revisions.</source>
        <translation>
            <numerusform>The proxy has acknowledged it. Click for the list of revisions.</numerusform>
            <numerusform>All %n proxies have acknowledged it. Click for the list of revisions.</numerusform>
        </translation>
    </message>
</context>
</TS>
