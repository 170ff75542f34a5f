<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="ja">
<context>
    <name>SceneWords</name>
    <message>
        <source>%1 old</source>
        <translation>%1前の値</translation>
    </message>
    <message>
        <source>n %1</source>
        <extracomment>inside a small ring: fewer calls than the breaker wants to judge</extracomment>
        <translation>n %1</translation>
    </message>
    <message>
        <source>breaker of %1: %2</source>
        <translation>%1 のブレーカー: %2</translation>
    </message>
    <message>
        <source>Breaker %1: %2 of %3 calls failed in its window. %4 Click to trip or reset it.</source>
        <translation>ブレーカー %1: 窓内の %3 件中 %2 件が失敗。%4 クリックで遮断またはリセット。</translation>
    </message>
    <message>
        <source>Shared by the versions of the service.</source>
        <translation>サービスの各バージョンで共有。</translation>
    </message>
</context>
<context>
    <name>meshyard::app::Application</name>
    <message>
        <source>This computer</source>
        <translation>このコンピューター</translation>
    </message>
    <message>
        <source>The mesh could not be started: %1</source>
        <translation>メッシュを開始できませんでした: %1</translation>
    </message>
    <message>
        <source>history paused: %1</source>
        <translation>履歴の記録を停止中: %1</translation>
    </message>
    <message>
        <source>The history file was damaged. It is kept as %1, and a new one has begun.</source>
        <translation>履歴ファイルが壊れていました。%1 として残し、新しい履歴を開始しました。</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::BlastRadius</name>
    <message numerus="yes">
        <source>Rejects %1 from %n caller(s).</source>
        <translation>
            <numerusform>%n 個の呼び出し元からの %1 を拒否します。</numerusform>
        </translation>
    </message>
    <message>
        <source>Trips all versions of %1: they share one cluster.</source>
        <translation>%1 の全バージョンを遮断します（同じクラスターを共有しています）。</translation>
    </message>
    <message>
        <source>Trips all versions of %1.</source>
        <translation>%1 の全バージョンを遮断します。</translation>
    </message>
    <message>
        <source>%1: success %2 → %3 at worst.</source>
        <translation>%1: 成功率は最悪で %2 → %3。</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::BreakerStrips</name>
    <message>
        <source>Breaker, by caller</source>
        <translation>ブレーカー（呼び出し元別）</translation>
    </message>
    <message>
        <source>%1 %2</source>
        <translation>%1 %2</translation>
    </message>
    <message>
        <source>No caller has reported yet.</source>
        <translation>まだどの呼び出し元からも報告がありません。</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::CheatSheet</name>
    <message>
        <source>Keys and commands</source>
        <translation>キーとコマンド</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>Key</source>
        <translation>キー</translation>
    </message>
    <message>
        <source>On the command line</source>
        <translation>コマンドライン</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::CloseQuestion</name>
    <message>
        <source>Close Meshyard</source>
        <translation>Meshyard を閉じる</translation>
    </message>
    <message>
        <source>Stop the mesh, or leave it running?</source>
        <translation>メッシュを停止しますか、動かしたままにしますか？</translation>
    </message>
    <message>
        <source>Left running, its services go on serving, and the next window finds them again.</source>
        <translation>動かしたままにすると、サービスは応答を続け、次に開いたウィンドウが再び見つけます。</translation>
    </message>
    <message>
        <source>Stop the mesh</source>
        <translation>メッシュを停止</translation>
    </message>
    <message>
        <source>Leave it running</source>
        <translation>動かしたままにする</translation>
    </message>
    <message>
        <source>Remember this</source>
        <translation>この選択を記憶する</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::DiffDialog</name>
    <message>
        <source>Close</source>
        <translation>閉じる</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>キャンセル</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::DiffText</name>
    <message>
        <source>Difference</source>
        <translation>差分</translation>
    </message>
    <message>
        <source>Nothing differs.</source>
        <translation>違いはありません。</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::EdgePanel</name>
    <message>
        <source>open %1 s</source>
        <translation>開 %1 秒</translation>
    </message>
    <message>
        <source>trial %1/%2</source>
        <translation>試行 %1/%2</translation>
    </message>
    <message>
        <source>closed</source>
        <translation>閉</translation>
    </message>
    <message>
        <source>Breaker, by caller</source>
        <translation>ブレーカー（呼び出し元別）</translation>
    </message>
    <message>
        <source>Policy in force</source>
        <translation>有効なポリシー</translation>
    </message>
    <message>
        <source>Events</source>
        <translation>出来事</translation>
    </message>
    <message>
        <source>Requests by outcome</source>
        <translation>結果別リクエスト</translation>
    </message>
    <message>
        <source>Requests by outcome, last minute</source>
        <translation>結果別リクエスト（直近 1 分）</translation>
    </message>
    <message>
        <source>Latency p50, p95, p99</source>
        <translation>レイテンシー p50、p95、p99</translation>
    </message>
    <message>
        <source>Latency p50, p95, p99, last minute</source>
        <translation>レイテンシー p50、p95、p99（直近 1 分）</translation>
    </message>
    <message>
        <source>Trip</source>
        <translation>遮断</translation>
    </message>
    <message>
        <source>Reset</source>
        <translation>リセット</translation>
    </message>
    <message>
        <source>Clear the window, close the breaker and start counting anew.</source>
        <translation>窓を消去し、ブレーカーを閉じて数え直します。</translation>
    </message>
    <message>
        <source>Edit policy</source>
        <translation>ポリシーを編集</translation>
    </message>
    <message>
        <source>all</source>
        <translation>全体</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失敗</translation>
    </message>
    <message>
        <source>mTLS</source>
        <translation>mTLS</translation>
    </message>
    <message numerus="yes">
        <source>%n caller(s)</source>
        <translation>
            <numerusform>呼び出し元 %n</numerusform>
        </translation>
    </message>
    <message>
        <source>breaker %1</source>
        <translation>ブレーカー %1</translation>
    </message>
    <message>
        <source>no report for some seconds</source>
        <translation>数秒間報告なし</translation>
    </message>
    <message>
        <source>failing</source>
        <translation>障害</translation>
    </message>
    <message>
        <source>degraded</source>
        <translation>低下</translation>
    </message>
    <message>
        <source>no traffic</source>
        <translation>通信なし</translation>
    </message>
    <message>
        <source>Rate</source>
        <translation>レート</translation>
    </message>
    <message>
        <source>Finished calls a second, rejected ones included, retries apart. Last %1 s, n %2, %3.</source>
        <translation>毎秒の完了した呼び出し数（拒否を含み、再試行は別）。直近 %1 秒、n %2、%3。</translation>
    </message>
    <message>
        <source>Success</source>
        <translation>成功率</translation>
    </message>
    <message>
        <source>Share of finished calls that did not fail for the caller. Last %1 s, n %2, %3.</source>
        <translation>完了した呼び出しのうち、呼び出し元にとって失敗でなかった割合。直近 %1 秒、n %2、%3。</translation>
    </message>
    <message>
        <source>p99 · n %1</source>
        <translation>p99 · n %1</translation>
    </message>
    <message>
        <source>99 of 100 calls were at least this fast, rejected ones apart. Shortest window with 100 calls: last %1 s, n %2, %3.</source>
        <translation>100 件中 99 件はこれ以内（拒否は除く）。100 件を含む最短の窓: 直近 %1 秒、n %2、%3。</translation>
    </message>
    <message>
        <source>In flight</source>
        <translation>処理中</translation>
    </message>
    <message>
        <source>Calls under way at the end of the last second, %1.</source>
        <translation>直前の 1 秒の終わりに処理中の呼び出し。%1。</translation>
    </message>
    <message>
        <source>%1, log</source>
        <translation>%1、対数</translation>
    </message>
    <message>
        <source>Release</source>
        <translation>解除</translation>
    </message>
    <message>
        <source>End the override now; the edge goes on with trial calls.</source>
        <translation>上書きを今すぐ終え、試行の呼び出しから再開します。</translation>
    </message>
    <message>
        <source>Reject every call on this edge for a while.</source>
        <translation>このエッジの呼び出しをしばらくすべて拒否します。</translation>
    </message>
    <message>
        <source>Breaker, limits and outlier detection as a form.</source>
        <translation>ブレーカー、上限、外れ値検出をフォームで編集します。</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::EdgeWords</name>
    <message>
        <source>%1 %2</source>
        <translation>%1 %2</translation>
    </message>
    <message>
        <source>tripped · %1 left</source>
        <translation>遮断中 · 残り %1</translation>
    </message>
    <message>
        <source>tripped</source>
        <translation>遮断中</translation>
    </message>
    <message>
        <source>held closed · %1 left</source>
        <translation>閉に固定 · 残り %1</translation>
    </message>
    <message>
        <source>held closed</source>
        <translation>閉に固定</translation>
    </message>
    <message>
        <source>draining %1 %</source>
        <translation>%1 % を排出中</translation>
    </message>
    <message>
        <source>%1 failures in a row</source>
        <translation>%1 回連続の失敗</translation>
    </message>
    <message>
        <source>%1 % of %2 calls failed</source>
        <translation>%2 件中 %1 % が失敗</translation>
    </message>
    <message>
        <source>%1 % of %2 calls were slow</source>
        <translation>%2 件中 %1 % が低速</translation>
    </message>
    <message>
        <source>trial calls failed</source>
        <translation>試行の呼び出しが失敗</translation>
    </message>
    <message>
        <source>trial calls succeeded</source>
        <translation>試行の呼び出しが成功</translation>
    </message>
    <message>
        <source>its time was up</source>
        <translation>時間が経過</translation>
    </message>
    <message>
        <source>by an operator</source>
        <translation>運用者の操作</translation>
    </message>
    <message>
        <source>by %1</source>
        <translation>%1 の操作</translation>
    </message>
    <message>
        <source>the override ended</source>
        <translation>上書きが終了</translation>
    </message>
    <message>
        <source>the policy changed</source>
        <translation>ポリシーが変更</translation>
    </message>
    <message>
        <source>%1 opened on %2</source>
        <translation>%1 が %2 で開いた</translation>
    </message>
    <message>
        <source>%1 half-open on %2</source>
        <translation>%1 が %2 で半開</translation>
    </message>
    <message>
        <source>%1 closed on %2</source>
        <translation>%1 が %2 で閉じた</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>any caller</source>
        <translation>任意の呼び出し元</translation>
    </message>
    <message>
        <source>%1 ok</source>
        <translation>成功 %1</translation>
    </message>
    <message>
        <source>%1 ok · %2</source>
        <translation>成功 %1 · %2</translation>
    </message>
    <message>
        <source>would be open</source>
        <translation>本来は開</translation>
    </message>
    <message>
        <source>%1/%2 open</source>
        <translation>%1/%2 開</translation>
    </message>
    <message>
        <source>trial %1/%2</source>
        <translation>試行 %1/%2</translation>
    </message>
    <message>
        <source>half-open</source>
        <translation>半開</translation>
    </message>
    <message>
        <source>limited to %1</source>
        <translation>上限 %1</translation>
    </message>
    <message>
        <source>limited</source>
        <translation>上限到達</translation>
    </message>
    <message>
        <source>panic routing</source>
        <translation>パニックルーティング</translation>
    </message>
    <message>
        <source>%1/%2 ejected</source>
        <translation>%1/%2 除外</translation>
    </message>
    <message>
        <source>%1 refused revision %2: %3</source>
        <translation>%1 がリビジョン %2 を拒否: %3</translation>
    </message>
    <message>
        <source>revision %1</source>
        <translation>リビジョン %1</translation>
    </message>
    <message>
        <source>revision %1: %2</source>
        <translation>リビジョン %1: %2</translation>
    </message>
    <message>
        <source>known: our sidecars</source>
        <translation>既知: 自前のサイドカー</translation>
    </message>
    <message>
        <source>inferred from an Envoy&apos;s statistics</source>
        <translation>Envoy の統計からの推定</translation>
    </message>
    <message>
        <source>stale: its callers are silent</source>
        <translation>古い値: 呼び出し元から報告なし</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>不明</translation>
    </message>
    <message>
        <source>unknown protocol</source>
        <translation>不明なプロトコル</translation>
    </message>
    <message>
        <source>closed</source>
        <translation>閉</translation>
    </message>
    <message>
        <source>open</source>
        <translation>開</translation>
    </message>
    <message>
        <source>no traffic</source>
        <translation>通信なし</translation>
    </message>
    <message>
        <source>no report for %1</source>
        <translation>%1 報告なし</translation>
    </message>
    <message>
        <source>%1, %2, breaker %3</source>
        <extracomment>read aloud; %1 an edge, %2 its traffic, %3 the state of its breaker</extracomment>
        <translation>%1、%2、ブレーカー %3</translation>
    </message>
    <message>
        <source>opened on %1</source>
        <translation>%1 で開いた</translation>
    </message>
    <message>
        <source>half-open on %1</source>
        <translation>%1 で半開</translation>
    </message>
    <message>
        <source>closed on %1</source>
        <translation>%1 で閉じた</translation>
    </message>
    <message>
        <source>tripped by %1</source>
        <translation>%1 が遮断</translation>
    </message>
    <message>
        <source>held closed by %1</source>
        <translation>%1 が閉のまま保持</translation>
    </message>
    <message>
        <source>draining, by %1</source>
        <translation>%1 が排出</translation>
    </message>
    <message>
        <source>released by %1</source>
        <translation>%1 が解除</translation>
    </message>
    <message>
        <source>somebody</source>
        <translation>だれか</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::EmptyPage</name>
    <message>
        <source>Copy</source>
        <translation>コピー</translation>
    </message>
    <message>
        <source>The mesh runs, and nobody is in it yet</source>
        <translation>メッシュは動いていますが、まだ誰も参加していません</translation>
    </message>
    <message>
        <source>Put any program into the mesh; its calls become edges:</source>
        <translation>任意のプログラムをメッシュに入れると、その呼び出しがエッジになります:</translation>
    </message>
    <message>
        <source>Call it from another program in the mesh:</source>
        <translation>メッシュ内の別のプログラムから呼び出します:</translation>
    </message>
    <message>
        <source>Envoys take their configuration over ADS; the ready line of the control plane names the address:</source>
        <translation>Envoy は ADS で設定を受け取ります。アドレスはコントロールプレーンの起動行にあります:</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::EventList</name>
    <message>
        <source>Events</source>
        <translation>出来事</translation>
    </message>
    <message>
        <source>Nothing has happened here.</source>
        <translation>ここではまだ何も起きていません。</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::Exporter</name>
    <message>
        <source>%1 does not say what to write: end the name in .png, .svg, .pdf, .json, .dot, .graphml or .csv.</source>
        <translation>%1 からは形式がわかりません。名前の末尾を .png、.svg、.pdf、.json、.dot、.graphml、.csv のどれかにしてください。</translation>
    </message>
    <message>
        <source>There is no picture yet.</source>
        <translation>まだ図がありません。</translation>
    </message>
    <message>
        <source>%1 UTC · last 10 s</source>
        <translation>%1 UTC · 直近 10 秒</translation>
    </message>
    <message>
        <source>healthy</source>
        <translation>正常</translation>
    </message>
    <message>
        <source>degraded</source>
        <translation>低下</translation>
    </message>
    <message>
        <source>failing</source>
        <translation>障害</translation>
    </message>
    <message>
        <source>no traffic</source>
        <translation>通信なし</translation>
    </message>
    <message>
        <source>breaker open</source>
        <translation>ブレーカー開</translation>
    </message>
    <message>
        <source>tripped by an operator</source>
        <translation>運用者が遮断</translation>
    </message>
    <message>
        <source>The picture could not be drawn.</source>
        <translation>図を描けませんでした。</translation>
    </message>
    <message>
        <source>%1 cannot be written: %2.</source>
        <translation>%1 に書き込めません: %2。</translation>
    </message>
    <message>
        <source>Export what is on screen</source>
        <translation>表示内容を書き出す</translation>
    </message>
    <message>
        <source>Picture (*.png);;Scalable picture (*.svg);;PDF (*.pdf);;Snapshot, opens again (*.json);;Graphviz (*.dot);;GraphML (*.graphml);;Table (*.csv)</source>
        <translation>画像 (*.png);;ベクター画像 (*.svg);;PDF (*.pdf);;再び開けるスナップショット (*.json);;Graphviz (*.dot);;GraphML (*.graphml);;表 (*.csv)</translation>
    </message>
    <message>
        <source>Saved %1</source>
        <translation>%1 を保存しました</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::Figures</name>
    <message>
        <source>rps</source>
        <extracomment>requests per second, the unit beside a figure</extracomment>
        <translation>rps</translation>
    </message>
    <message>
        <source>µs</source>
        <translation>µs</translation>
    </message>
    <message>
        <source>ms</source>
        <translation>ms</translation>
    </message>
    <message>
        <source>s</source>
        <translation>s</translation>
    </message>
    <message>
        <source>B</source>
        <translation>B</translation>
    </message>
    <message>
        <source>KiB</source>
        <translation>KiB</translation>
    </message>
    <message>
        <source>MiB</source>
        <translation>MiB</translation>
    </message>
    <message>
        <source>GiB</source>
        <translation>GiB</translation>
    </message>
    <message>
        <source>%1/s</source>
        <extracomment>bytes per second; %1 is B, KiB, MiB or GiB</extracomment>
        <translation>%1/s</translation>
    </message>
    <message>
        <source>%1 s</source>
        <extracomment>a duration in seconds</extracomment>
        <translation>%1 秒</translation>
    </message>
    <message>
        <source>%1 min %2 s</source>
        <translation>%1 分 %2 秒</translation>
    </message>
    <message>
        <source>%1 h %2 min</source>
        <translation>%1 時間 %2 分</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::FindLanguage</name>
    <message>
        <source>&quot;%1&quot; is not expected here.</source>
        <translation>ここに「%1」は置けません。</translation>
    </message>
    <message>
        <source>A closing parenthesis is missing.</source>
        <translation>閉じ括弧がありません。</translation>
    </message>
    <message>
        <source>Something is missing at the end.</source>
        <translation>末尾に何か足りません。</translation>
    </message>
    <message>
        <source>&quot;%1&quot; is not a name.</source>
        <translation>「%1」は名前ではありません。</translation>
    </message>
    <message>
        <source>&quot;%1&quot; is not a figure. There are rate, success, p50, p95, p99, breaker and name.</source>
        <translation>「%1」という値はありません。使えるのは rate、success、p50、p95、p99、breaker、name です。</translation>
    </message>
    <message>
        <source>A value is missing after &quot;%1&quot;.</source>
        <translation>「%1」の後に値がありません。</translation>
    </message>
    <message>
        <source>&quot;%1&quot; is not a number.</source>
        <translation>「%1」は数値ではありません。</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::FormPanel</name>
    <message>
        <source>at least %1</source>
        <translation>%1 以上</translation>
    </message>
    <message>
        <source>%1 to %2</source>
        <translation>%1～%2</translation>
    </message>
    <message>
        <source>A duration such as 500ms, 5s or 1m.</source>
        <translation>500ms、5s、1m のような時間を入力してください。</translation>
    </message>
    <message>
        <source>A number is wanted.</source>
        <translation>数値を入力してください。</translation>
    </message>
    <message>
        <source>Out of range: %1.</source>
        <translation>範囲外です: %1。</translation>
    </message>
    <message>
        <source>default</source>
        <translation>既定値</translation>
    </message>
    <message>
        <source>default: %1</source>
        <translation>既定値: %1</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::Inspector</name>
    <message>
        <source>Inspector</source>
        <translation>インスペクター</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::LinkList</name>
    <message>
        <source>no traffic</source>
        <translation>通信なし</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::Locator</name>
    <message>
        <source>Go to anything</source>
        <translation>移動・実行</translation>
    </message>
    <message>
        <source>A service, an edge, an action, or a time such as 14:05</source>
        <translation>サービス、エッジ、操作、または 14:05 のような時刻</translation>
    </message>
    <message>
        <source>Go to</source>
        <translation>移動先</translation>
    </message>
    <message>
        <source>Matches</source>
        <translation>候補</translation>
    </message>
    <message>
        <source>action</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>service</source>
        <translation>サービス</translation>
    </message>
    <message>
        <source>edge</source>
        <translation>エッジ</translation>
    </message>
    <message>
        <source>Go to %1</source>
        <translation>%1 へ移動</translation>
    </message>
    <message>
        <source>time</source>
        <translation>時刻</translation>
    </message>
    <message>
        <source>%1   %2</source>
        <extracomment>one row of the &quot;go to anything&quot; list: what it is, its kind</extracomment>
        <translation>%1   %2</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::MainWindow</name>
    <message>
        <source>Meshyard</source>
        <translation>Meshyard</translation>
    </message>
    <message>
        <source>Open a recording…</source>
        <translation>記録を開く…</translation>
    </message>
    <message>
        <source>Open a recording or a snapshot file</source>
        <translation>記録またはスナップショットのファイルを開きます</translation>
    </message>
    <message>
        <source>Close this mesh</source>
        <translation>このメッシュを閉じる</translation>
    </message>
    <message>
        <source>Go back to the first page</source>
        <translation>最初のページに戻ります</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>書き出し…</translation>
    </message>
    <message>
        <source>Save what is on screen as a picture or as data</source>
        <translation>表示内容を画像またはデータとして保存します</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>元に戻す</translation>
    </message>
    <message>
        <source>Take the newest change of the mesh back</source>
        <translation>メッシュの最新の変更を取り消します</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>やり直す</translation>
    </message>
    <message>
        <source>Make the change again that was taken back</source>
        <translation>取り消した変更をもう一度行います</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>終了</translation>
    </message>
    <message>
        <source>Close the window</source>
        <translation>ウィンドウを閉じます</translation>
    </message>
    <message>
        <source>Go to anything</source>
        <translation>移動・実行</translation>
    </message>
    <message>
        <source>Find a service, an edge, an action or a time by name</source>
        <translation>サービス、エッジ、操作、時刻を名前で探します</translation>
    </message>
    <message>
        <source>Find or hide</source>
        <translation>検索・非表示</translation>
    </message>
    <message>
        <source>Find or hide services and edges of the graph</source>
        <translation>グラフのサービスとエッジを検索または非表示にします</translation>
    </message>
    <message>
        <source>Show the mesh</source>
        <translation>メッシュを表示</translation>
    </message>
    <message>
        <source>Show the mesh as a table</source>
        <translation>メッシュを表で表示</translation>
    </message>
    <message>
        <source>Show services</source>
        <translation>サービスを表示</translation>
    </message>
    <message>
        <source>Show breakers</source>
        <translation>ブレーカーを表示</translation>
    </message>
    <message>
        <source>Show policies</source>
        <translation>ポリシーを表示</translation>
    </message>
    <message>
        <source>Show revisions</source>
        <translation>リビジョンを表示</translation>
    </message>
    <message>
        <source>Show proxies</source>
        <translation>プロキシを表示</translation>
    </message>
    <message>
        <source>Show events</source>
        <translation>出来事を表示</translation>
    </message>
    <message>
        <source>Keys and commands</source>
        <translation>キーとコマンド</translation>
    </message>
    <message>
        <source>Every action, its key and its command line</source>
        <translation>すべての操作とそのキー、コマンドライン</translation>
    </message>
    <message>
        <source>Colours of the system</source>
        <translation>システムの配色</translation>
    </message>
    <message>
        <source>Light colours</source>
        <translation>ライト</translation>
    </message>
    <message>
        <source>Dark colours</source>
        <translation>ダーク</translation>
    </message>
    <message>
        <source>Menu</source>
        <translation>メニュー</translation>
    </message>
    <message>
        <source>Mesh</source>
        <translation>メッシュ</translation>
    </message>
    <message>
        <source>Services</source>
        <translation>サービス</translation>
    </message>
    <message>
        <source>Breakers</source>
        <translation>ブレーカー</translation>
    </message>
    <message>
        <source>Policies</source>
        <translation>ポリシー</translation>
    </message>
    <message>
        <source>Proxies</source>
        <translation>プロキシ</translation>
    </message>
    <message>
        <source>Events</source>
        <translation>出来事</translation>
    </message>
    <message>
        <source>Edges</source>
        <translation>エッジ</translation>
    </message>
    <message>
        <source>The graph as a table.</source>
        <translation>グラフを表にしたものです。</translation>
    </message>
    <message>
        <source>No calls have been seen yet.</source>
        <translation>まだ呼び出しがありません。</translation>
    </message>
    <message>
        <source>Every instance, as the supervisor and the proxies see it.</source>
        <translation>スーパーバイザーとプロキシから見たすべてのインスタンスです。</translation>
    </message>
    <message>
        <source>No service has joined yet.</source>
        <translation>まだサービスが参加していません。</translation>
    </message>
    <message>
        <source>One row a caller: every caller runs a breaker of its own.</source>
        <translation>1 行が 1 つの呼び出し元です。ブレーカーは呼び出し元ごとに動きます。</translation>
    </message>
    <message>
        <source>No calls have been seen yet, so there is no breaker.</source>
        <translation>まだ呼び出しがないため、ブレーカーもありません。</translation>
    </message>
    <message>
        <source>Which revision each proxy has acknowledged, and what it costs.</source>
        <translation>各プロキシが確認したリビジョンと消費量です。</translation>
    </message>
    <message>
        <source>No proxy is connected.</source>
        <translation>接続中のプロキシはありません。</translation>
    </message>
    <message>
        <source>Breaker transitions, revisions and what operators did, newest first.</source>
        <translation>ブレーカーの遷移、リビジョン、運用者の操作（新しい順）。</translation>
    </message>
    <message>
        <source>Nothing has happened yet.</source>
        <translation>まだ何も起きていません。</translation>
    </message>
    <message>
        <source>%1 was refused: %2</source>
        <translation>%1 は拒否されました: %2</translation>
    </message>
    <message numerus="yes">
        <source>%n breaker(s) not closed</source>
        <translation>
            <numerusform>閉じていないブレーカー %n</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n proxies not in sync</source>
        <translation>
            <numerusform>同期していないプロキシ %n</numerusform>
        </translation>
    </message>
    <message>
        <source>Open a recording</source>
        <translation>記録を開く</translation>
    </message>
    <message>
        <source>Recordings and snapshots (*.sqlite *.meshyard *.json);;All files (*)</source>
        <translation>記録とスナップショット (*.sqlite *.meshyard *.json);;すべてのファイル (*)</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::MeshActs</name>
    <message>
        <source>The mesh did not store it and gave no reason.</source>
        <translation>メッシュは保存せず、理由も示しませんでした。</translation>
    </message>
    <message>
        <source>Trip %1</source>
        <translation>%1 を遮断</translation>
    </message>
    <message>
        <source>%1: done</source>
        <translation>%1: 完了</translation>
    </message>
    <message>
        <source>Reset %1</source>
        <translation>%1 をリセット</translation>
    </message>
    <message>
        <source>Release %1</source>
        <translation>%1 を解除</translation>
    </message>
    <message>
        <source>Revision %1: %2</source>
        <translation>リビジョン %1: %2</translation>
    </message>
    <message>
        <source>Roll back to revision %1</source>
        <translation>リビジョン %1 に戻す</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>元に戻す</translation>
    </message>
    <message>
        <source>Revision %1: undone</source>
        <translation>リビジョン %1: 取り消しました</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>やり直す</translation>
    </message>
    <message>
        <source>Revision %1: made again</source>
        <translation>リビジョン %1: やり直しました</translation>
    </message>
    <message>
        <source>Undo: %1</source>
        <translation>元に戻す: %1</translation>
    </message>
    <message>
        <source>Redo: %1</source>
        <translation>やり直す: %1</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::MeshPanel</name>
    <message>
        <source>Needs attention</source>
        <translation>要注意</translation>
    </message>
    <message>
        <source>Events</source>
        <translation>出来事</translation>
    </message>
    <message>
        <source>The whole mesh</source>
        <translation>メッシュ全体</translation>
    </message>
    <message>
        <source>Select a service or an edge to see more.</source>
        <translation>サービスかエッジを選ぶと詳しく表示します。</translation>
    </message>
    <message>
        <source>Entry: %1. Select a service or an edge to see more.</source>
        <translation>入口: %1。サービスかエッジを選ぶと詳しく表示します。</translation>
    </message>
    <message>
        <source>Calls that enter the mesh, last %1 s, n %2.</source>
        <translation>メッシュに入る呼び出し。直近 %1 秒、n %2。</translation>
    </message>
    <message>
        <source>Rate</source>
        <translation>レート</translation>
    </message>
    <message>
        <source>Success</source>
        <translation>成功率</translation>
    </message>
    <message>
        <source>Edges</source>
        <translation>エッジ</translation>
    </message>
    <message>
        <source>Pairs of versions that have called each other.</source>
        <translation>呼び出しのあったバージョンの組。</translation>
    </message>
    <message>
        <source>Nothing. Every edge is healthy.</source>
        <translation>ありません。すべてのエッジは正常です。</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::MeshSession</name>
    <message>
        <source>You are looking at %1. Go back to live to change something.</source>
        <translation>%1 を表示しています。変更するにはライブに戻ってください。</translation>
    </message>
    <message>
        <source>This is a recording. Nothing can be changed in it.</source>
        <translation>これは記録です。変更はできません。</translation>
    </message>
    <message>
        <source>No word from the control plane. Changes are possible again once it answers.</source>
        <translation>コントロールプレーンから応答がありません。応答があれば再び変更できます。</translation>
    </message>
    <message>
        <source>No mesh is open.</source>
        <translation>メッシュが開かれていません。</translation>
    </message>
    <message>
        <source>Nothing was recorded at %1.</source>
        <translation>%1 の記録はありません。</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::MeshTables</name>
    <message>
        <source>trial %1/%2</source>
        <translation>試行 %1/%2</translation>
    </message>
    <message>
        <source>Edge</source>
        <translation>エッジ</translation>
    </message>
    <message>
        <source>Environment</source>
        <translation>環境</translation>
    </message>
    <message>
        <source>Rate</source>
        <translation>レート</translation>
    </message>
    <message>
        <source>Success</source>
        <translation>成功率</translation>
    </message>
    <message>
        <source>p50</source>
        <translation>p50</translation>
    </message>
    <message>
        <source>p95</source>
        <translation>p95</translation>
    </message>
    <message>
        <source>p99</source>
        <translation>p99</translation>
    </message>
    <message>
        <source>Calls</source>
        <translation>呼び出し</translation>
    </message>
    <message>
        <source>Breaker</source>
        <translation>ブレーカー</translation>
    </message>
    <message>
        <source>Instance</source>
        <translation>インスタンス</translation>
    </message>
    <message>
        <source>Service</source>
        <translation>サービス</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状態</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>アドレス</translation>
    </message>
    <message>
        <source>Locality</source>
        <translation>ロケーション</translation>
    </message>
    <message>
        <source>Process</source>
        <translation>プロセス</translation>
    </message>
    <message>
        <source>ready</source>
        <translation>準備完了</translation>
    </message>
    <message>
        <source>not ready</source>
        <translation>準備中</translation>
    </message>
    <message>
        <source>Caller</source>
        <translation>呼び出し元</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>次</translation>
    </message>
    <message>
        <source>Calls in window</source>
        <translation>窓内の呼び出し</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>失敗</translation>
    </message>
    <message>
        <source>all callers</source>
        <translation>すべての呼び出し元</translation>
    </message>
    <message>
        <source>Proxy</source>
        <translation>プロキシ</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>種類</translation>
    </message>
    <message>
        <source>In sync</source>
        <translation>同期</translation>
    </message>
    <message>
        <source>Revision</source>
        <translation>リビジョン</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>メモリー</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>Last refusal</source>
        <translation>直近の拒否</translation>
    </message>
    <message>
        <source>not connected</source>
        <translation>未接続</translation>
    </message>
    <message>
        <source>in sync</source>
        <translation>同期済み</translation>
    </message>
    <message>
        <source>pending</source>
        <translation>反映待ち</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>時刻</translation>
    </message>
    <message>
        <source>What happened</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>Who</source>
        <translation>実行者</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::NodePanel</name>
    <message>
        <source>Called by</source>
        <translation>呼び出し元</translation>
    </message>
    <message>
        <source>Calls</source>
        <translation>呼び出し</translation>
    </message>
    <message>
        <source>Instances</source>
        <translation>インスタンス</translation>
    </message>
    <message>
        <source>Events</source>
        <translation>出来事</translation>
    </message>
    <message>
        <source>%1 of %2 instances ready</source>
        <translation>%2 中 %1 インスタンスが準備完了</translation>
    </message>
    <message>
        <source>its own calls do not pass a sidecar</source>
        <translation>自身の呼び出しはサイドカーを通りません</translation>
    </message>
    <message>
        <source>%1  %2</source>
        <translation>%1  %2</translation>
    </message>
    <message>
        <source>ready</source>
        <translation>準備完了</translation>
    </message>
    <message>
        <source>none</source>
        <translation>なし</translation>
    </message>
    <message>
        <source>What its callers measured, last %1 s, n %2.</source>
        <translation>呼び出し元の計測値。直近 %1 秒、n %2。</translation>
    </message>
    <message>
        <source>What it measured as a caller, last %1 s, n %2.</source>
        <translation>呼び出し元としての計測値。直近 %1 秒、n %2。</translation>
    </message>
    <message>
        <source>Rate</source>
        <translation>レート</translation>
    </message>
    <message>
        <source>Success</source>
        <translation>成功率</translation>
    </message>
    <message>
        <source>p99 · n %1</source>
        <translation>p99 · n %1</translation>
    </message>
    <message>
        <source>Nobody has called it yet.</source>
        <translation>まだ呼び出されていません。</translation>
    </message>
    <message>
        <source>It has called nobody yet.</source>
        <translation>まだ何も呼び出していません。</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::PolicyDialog</name>
    <message>
        <source>Policy of %1</source>
        <translation>%1 のポリシー</translation>
    </message>
    <message>
        <source>Breaker</source>
        <translation>ブレーカー</translation>
    </message>
    <message>
        <source>Limits</source>
        <translation>上限</translation>
    </message>
    <message>
        <source>Outlier detection</source>
        <translation>外れ値検出</translation>
    </message>
    <message>
        <source>CircuitBreaker: opens when calls fail, tries again by itself.</source>
        <translation>CircuitBreaker: 呼び出しが失敗すると開き、自動で再試行します。</translation>
    </message>
    <message>
        <source>DestinationRule, connectionPool: how many calls at once.</source>
        <translation>DestinationRule の connectionPool: 同時に許す呼び出し数。</translation>
    </message>
    <message>
        <source>DestinationRule, outlierDetection: takes single instances out.</source>
        <translation>DestinationRule の outlierDetection: 個々のインスタンスを外します。</translation>
    </message>
    <message>
        <source>Show diff and apply</source>
        <translation>差分を見て適用</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>キャンセル</translation>
    </message>
    <message>
        <source>Empty fields keep their default, shown in grey.</source>
        <translation>空欄は灰色で示した既定値のままです。</translation>
    </message>
    <message>
        <source>A value is out of its range; the red field says how.</source>
        <translation>範囲外の値があります。赤い欄で確認してください。</translation>
    </message>
    <message>
        <source>What changes in the documents</source>
        <translation>文書の変更内容</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>適用</translation>
    </message>
    <message>
        <source>policy of %1</source>
        <translation>%1 のポリシー</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::PolicyPage</name>
    <message>
        <source>Policies</source>
        <translation>ポリシー</translation>
    </message>
    <message>
        <source>New document</source>
        <translation>新しい文書</translation>
    </message>
    <message>
        <source>Documents</source>
        <translation>文書</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>削除</translation>
    </message>
    <message>
        <source>Discard draft</source>
        <translation>下書きを破棄</translation>
    </message>
    <message>
        <source>Show diff and apply</source>
        <translation>差分を見て適用</translation>
    </message>
    <message>
        <source>Text of the document</source>
        <translation>文書の本文</translation>
    </message>
    <message>
        <source>Problems</source>
        <translation>問題</translation>
    </message>
    <message>
        <source>%1 (draft)</source>
        <translation>%1（下書き）</translation>
    </message>
    <message>
        <source>%1 · %2 · %3</source>
        <translation>%1 · %2 · %3</translation>
    </message>
    <message>
        <source>New %1</source>
        <translation>新しい %1</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>エラー</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>警告</translation>
    </message>
    <message>
        <source>%1 in line %2: %3 (%4)</source>
        <translation>%1 %2 行目: %3 (%4)</translation>
    </message>
    <message numerus="yes">
        <source>%n error(s): nothing is applied until they are gone</source>
        <translation>
            <numerusform>エラー %n 件: なくなるまで適用されません</numerusform>
        </translation>
    </message>
    <message>
        <source>draft, kept on disk</source>
        <translation>下書き（ディスクに保存済み）</translation>
    </message>
    <message>
        <source>What changes in the documents</source>
        <translation>文書の変更内容</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>適用</translation>
    </message>
    <message>
        <source>edit %1</source>
        <translation>%1 を編集</translation>
    </message>
    <message>
        <source>delete %1</source>
        <translation>%1 を削除</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::PolicyStore</name>
    <message>
        <source>Default breaker (observe)</source>
        <translation>既定のブレーカー（観測のみ）</translation>
    </message>
    <message>
        <source>CircuitBreaker %1</source>
        <translation>CircuitBreaker %1</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::PolicySummary</name>
    <message>
        <source>timeout %1</source>
        <translation>タイムアウト %1</translation>
    </message>
    <message>
        <source>%1 retries</source>
        <translation>再試行 %1 回</translation>
    </message>
    <message>
        <source>delays some calls</source>
        <translation>一部の呼び出しを遅延</translation>
    </message>
    <message>
        <source>aborts some calls</source>
        <translation>一部の呼び出しを中断</translation>
    </message>
    <message>
        <source>no HTTP route</source>
        <translation>HTTP ルートなし</translation>
    </message>
    <message numerus="yes">
        <source>%n route(s)</source>
        <translation>
            <numerusform>ルート %n</numerusform>
        </translation>
    </message>
    <message>
        <source>at most %1 requests</source>
        <translation>リクエスト上限 %1</translation>
    </message>
    <message>
        <source>at most %1 connections</source>
        <translation>接続上限 %1</translation>
    </message>
    <message>
        <source>ejects after %1 × 5xx</source>
        <translation>5xx が %1 回で除外</translation>
    </message>
    <message numerus="yes">
        <source>%n subset(s)</source>
        <translation>
            <numerusform>サブセット %n</numerusform>
        </translation>
    </message>
    <message>
        <source>nothing set</source>
        <translation>設定なし</translation>
    </message>
    <message>
        <source>switched off</source>
        <translation>無効</translation>
    </message>
    <message>
        <source>window %1</source>
        <translation>窓 %1</translation>
    </message>
    <message>
        <source>≥ %1 calls</source>
        <translation>%1 件以上</translation>
    </message>
    <message>
        <source>%1 % failures</source>
        <translation>失敗 %1 %</translation>
    </message>
    <message>
        <source>%1 in a row</source>
        <translation>連続 %1 回</translation>
    </message>
    <message>
        <source>observes only</source>
        <translation>観測のみ</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::Rail</name>
    <message>
        <source>Pages</source>
        <translation>ページ</translation>
    </message>
    <message>
        <source>Meshyard</source>
        <translation>Meshyard</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::Reroute</name>
    <message>
        <source>%1 of %2</source>
        <translation>%1/%2</translation>
    </message>
    <message>
        <source>in flight at p95</source>
        <translation>p95 での同時処理</translation>
    </message>
    <message>
        <source>%1 would reach its limit of %2 calls at once.</source>
        <translation>%1 が同時呼び出しの上限 %2 に達します。</translation>
    </message>
    <message>
        <source>%1 is open: its calls would be rejected.</source>
        <translation>%1 は開いているため、呼び出しは拒否されます。</translation>
    </message>
    <message>
        <source>success of %1</source>
        <translation>%1 の成功率</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::RerouteCard</name>
    <message>
        <source>Apply</source>
        <translation>適用</translation>
    </message>
    <message>
        <source>YAML diff</source>
        <translation>YAML 差分</translation>
    </message>
    <message>
        <source>If you apply this</source>
        <translation>適用した場合</translation>
    </message>
    <message>
        <source>Esc</source>
        <translation>Esc</translation>
    </message>
    <message>
        <source>No limit and no open breaker is crossed.</source>
        <translation>上限や開いたブレーカーにはかかりません。</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>もう一度</translation>
    </message>
    <message>
        <source>Waiting for the proxies …</source>
        <translation>プロキシの確認待ち…</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::RerouteEditor</name>
    <message>
        <source>That is where it goes now.</source>
        <translation>現在の行き先です。</translation>
    </message>
    <message>
        <source>A service cannot be routed to itself.</source>
        <translation>サービスを自分自身へは向けられません。</translation>
    </message>
    <message>
        <source>Another environment: calls do not cross it.</source>
        <translation>別の環境です。呼び出しは環境をまたぎません。</translation>
    </message>
    <message>
        <source>A gateway takes calls from outside only.</source>
        <translation>ゲートウェイは外部からの呼び出しだけを受けます。</translation>
    </message>
    <message>
        <source>No instance of it is ready.</source>
        <translation>準備完了のインスタンスがありません。</translation>
    </message>
    <message>
        <source>new %1 %2</source>
        <translation>新規 %1 %2</translation>
    </message>
    <message>
        <source>%1 %2</source>
        <translation>%1 %2</translation>
    </message>
    <message>
        <source>%1 · predicted</source>
        <translation>%1 · 予測</translation>
    </message>
    <message>
        <source>%1 → %2</source>
        <translation>%1 → %2</translation>
    </message>
    <message>
        <source>route %1: %2</source>
        <extracomment>the name of a change, e.g. &quot;route reviews: 30 to v1, 70 to v2&quot;</extracomment>
        <translation>%1 のルート: %2</translation>
    </message>
    <message>
        <source>What changes in the documents</source>
        <translation>文書の変更内容</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>適用</translation>
    </message>
    <message>
        <source>%1 % to %2</source>
        <translation>%1 % を %2 へ</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::RevisionsPage</name>
    <message>
        <source>undone</source>
        <translation>取り消し済み</translation>
    </message>
    <message>
        <source>an undo</source>
        <translation>取り消し</translation>
    </message>
    <message>
        <source>applied</source>
        <translation>適用済み</translation>
    </message>
    <message>
        <source>pending</source>
        <translation>反映待ち</translation>
    </message>
    <message>
        <source>Revision</source>
        <translation>リビジョン</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>時刻</translation>
    </message>
    <message>
        <source>What</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>Who</source>
        <translation>実行者</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状態</translation>
    </message>
    <message>
        <source>Roll the mesh back to this</source>
        <translation>メッシュをここに戻す</translation>
    </message>
    <message>
        <source>Revisions</source>
        <translation>リビジョン</translation>
    </message>
    <message>
        <source>Restores every document as it stood then, as one new revision.</source>
        <translation>その時点のすべての文書を、1 つの新しいリビジョンとして復元します。</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::SceneWords</name>
    <message>
        <source>outside: its own calls are not seen</source>
        <translation>外部: 自身の呼び出しは見えません</translation>
    </message>
    <message>
        <source>gateway</source>
        <translation>ゲートウェイ</translation>
    </message>
    <message>
        <source>external</source>
        <translation>外部</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1/%2</translation>
    </message>
    <message>
        <source>no traffic</source>
        <translation>通信なし</translation>
    </message>
    <message>
        <source>starting</source>
        <translation>開始中</translation>
    </message>
    <message>
        <source>%1 in %2, %3</source>
        <extracomment>read aloud; %1 a service, %2 its environment, %3 its figures</extracomment>
        <translation>%2 の %1、%3</translation>
    </message>
    <message>
        <source>%1 of %2 instances ready</source>
        <translation>%2 中 %1 インスタンスが準備完了</translation>
    </message>
    <message>
        <source>%1, %2 ok, p99 %3, over the last 10 s (n %4)</source>
        <translation>%1、成功 %2、p99 %3、直近 10 秒（n %4）</translation>
    </message>
    <message>
        <source>environment %1, %2</source>
        <translation>環境 %1、%2</translation>
    </message>
    <message>
        <source>%1 ok</source>
        <translation>成功 %1</translation>
    </message>
    <message numerus="yes">
        <source>%n version(s)</source>
        <translation>
            <numerusform>%n バージョン</numerusform>
        </translation>
    </message>
    <message>
        <source>service %1, %2</source>
        <translation>サービス %1、%2</translation>
    </message>
    <message>
        <source>%1 old</source>
        <translation>%1前の値</translation>
    </message>
    <message>
        <source>This edge is inferred from an Envoy&apos;s statistics; it is not routed from here.</source>
        <translation>このエッジは Envoy の統計からの推定で、ここではルーティングしていません。</translation>
    </message>
    <message>
        <source>TCP connections have no HTTP route to change.</source>
        <translation>TCP 接続には変更できる HTTP ルートがありません。</translation>
    </message>
    <message>
        <source>%1 finished calls a second over %2 s (n %3)</source>
        <translation>毎秒 %1 件完了、%2 秒間（n %3）</translation>
    </message>
    <message>
        <source>p50 %1, p95 %2, p99 %3 over %4 s (n %5)</source>
        <translation>p50 %1、p95 %2、p99 %3、%4 秒間（n %5）</translation>
    </message>
    <message>
        <source>%1 % to %2</source>
        <translation>%1 % を %2 へ</translation>
    </message>
    <message>
        <source>split of %1 to %2: %3</source>
        <translation>%1 から %2 への分配: %3</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::StartPage</name>
    <message>
        <source>Watch a service mesh live, and change it by hand</source>
        <translation>サービスメッシュを生で見て、手で変える</translation>
    </message>
    <message>
        <source>Everything runs on this computer. No account, no cluster, no network.</source>
        <translation>すべてこのコンピューターで動きます。アカウントもクラスターもネットワークも不要です。</translation>
    </message>
    <message>
        <source>Demo mesh</source>
        <translation>デモメッシュ</translation>
    </message>
    <message>
        <source>A small bookshop of services with real traffic through real sidecars.</source>
        <translation>本物のサイドカーを本物の通信が流れる、小さな書店のサービス群です。</translation>
    </message>
    <message>
        <source>Next: its services start one after the other, within about five seconds.</source>
        <translation>次に: 約 5 秒でサービスが順に起動します。</translation>
    </message>
    <message>
        <source>My processes</source>
        <translation>自分のプロセス</translation>
    </message>
    <message>
        <source>Put programs of your own into an empty mesh, one command each.</source>
        <translation>空のメッシュに、コマンド 1 つで自分のプログラムを入れます。</translation>
    </message>
    <message>
        <source>Next: an empty mesh starts, and the window shows the command to copy.</source>
        <translation>次に: 空のメッシュが起動し、コピーするコマンドを表示します。</translation>
    </message>
    <message>
        <source>Envoys I already run</source>
        <translation>稼働中の Envoy</translation>
    </message>
    <message>
        <source>Let Envoys take their configuration from here over ADS.</source>
        <translation>Envoy の設定を ADS でここから配ります。</translation>
    </message>
    <message>
        <source>Next: an empty mesh starts, and the window shows the address to point them at.</source>
        <translation>次に: 空のメッシュが起動し、Envoy に指定するアドレスを表示します。</translation>
    </message>
    <message>
        <source>Open a recording</source>
        <translation>記録を開く</translation>
    </message>
    <message>
        <source>Look at the history or a snapshot of any mesh, also a colleague&apos;s.</source>
        <translation>任意のメッシュの履歴やスナップショットを見ます。同僚のものでも構いません。</translation>
    </message>
    <message>
        <source>Next: choose the file. Nothing is started.</source>
        <translation>次に: ファイルを選びます。何も起動しません。</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::StatusStrip</name>
    <message>
        <source>What this window itself costs: processor share and memory.</source>
        <translation>このウィンドウ自身の消費: プロセッサー使用率とメモリー。</translation>
    </message>
    <message>
        <source>no mesh is open</source>
        <translation>メッシュ未接続</translation>
    </message>
    <message>
        <source>starting</source>
        <translation>開始中</translation>
    </message>
    <message>
        <source>connected</source>
        <translation>接続済み</translation>
    </message>
    <message>
        <source>no word for %1, trying again</source>
        <translation>%1 応答なし、再試行中</translation>
    </message>
    <message>
        <source>not connected</source>
        <translation>未接続</translation>
    </message>
    <message>
        <source>recording</source>
        <translation>記録</translation>
    </message>
    <message>
        <source>%1 of %2 proxies in sync</source>
        <translation>プロキシ %1/%2 同期済み</translation>
    </message>
    <message>
        <source>%1, until released</source>
        <translation>%1、解除するまで</translation>
    </message>
    <message>
        <source>%1, %2 left</source>
        <translation>%1、残り %2</translation>
    </message>
    <message numerus="yes">
        <source>%n override(s): %1</source>
        <extracomment>%1 describes the first of them, e.g. &quot;reviews v3 → ratings, 8:12 left&quot;</extracomment>
        <translation>
            <numerusform>上書き %n 件: %1</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 open, %2 half-open breakers</source>
        <translation>ブレーカー 開 %1、半開 %2</translation>
    </message>
    <message numerus="yes">
        <source>%n breaker(s) open</source>
        <translation>
            <numerusform>ブレーカー 開 %n</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n breaker(s) half-open</source>
        <translation>
            <numerusform>ブレーカー 半開 %n</numerusform>
        </translation>
    </message>
    <message>
        <source>console %1 % CPU · %2</source>
        <translation>コンソール CPU %1 % · %2</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::TablePage</name>
    <message>
        <source>Show only rows that contain …</source>
        <translation>含む行だけを表示…</translation>
    </message>
    <message>
        <source>Filter rows</source>
        <translation>行の絞り込み</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::TimelineDock</name>
    <message>
        <source>History</source>
        <translation>履歴</translation>
    </message>
    <message>
        <source>To the beginning</source>
        <translation>先頭へ</translation>
    </message>
    <message>
        <source>One second back</source>
        <translation>1 秒戻る</translation>
    </message>
    <message>
        <source>Play</source>
        <translation>再生</translation>
    </message>
    <message>
        <source>Back to live</source>
        <translation>ライブに戻る</translation>
    </message>
    <message>
        <source>Time shown</source>
        <translation>表示中の時刻</translation>
    </message>
    <message>
        <source>requests</source>
        <translation>リクエスト</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失敗</translation>
    </message>
    <message>
        <source>p99</source>
        <translation>p99</translation>
    </message>
    <message>
        <source>revision</source>
        <translation>リビジョン</translation>
    </message>
    <message>
        <source>breaker</source>
        <translation>ブレーカー</translation>
    </message>
    <message>
        <source>operator</source>
        <translation>運用者</translation>
    </message>
    <message>
        <source>history %1</source>
        <translation>履歴 %1</translation>
    </message>
    <message>
        <source>every second since %1</source>
        <translation>%1 から毎秒</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>一時停止</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::TopBar</name>
    <message>
        <source>Menu</source>
        <translation>メニュー</translation>
    </message>
    <message>
        <source>Environment</source>
        <translation>環境</translation>
    </message>
    <message>
        <source>Show all environments or one</source>
        <translation>すべての環境または 1 つを表示</translation>
    </message>
    <message>
        <source>Find or hide, e.g. success &lt; 99% and rate &gt; 10</source>
        <translation>検索・非表示 例: success &lt; 99% and rate &gt; 10</translation>
    </message>
    <message>
        <source>Find or hide</source>
        <translation>検索・非表示</translation>
    </message>
    <message>
        <source>Go to anything   %1</source>
        <translation>移動・実行   %1</translation>
    </message>
    <message>
        <source>Go to anything</source>
        <translation>移動・実行</translation>
    </message>
    <message>
        <source>No mesh is open</source>
        <translation>メッシュが開かれていません</translation>
    </message>
    <message>
        <source>Connected</source>
        <translation>接続済み</translation>
    </message>
    <message>
        <source>Starting</source>
        <translation>開始中</translation>
    </message>
    <message>
        <source>No word from the control plane</source>
        <translation>コントロールプレーンから応答なし</translation>
    </message>
    <message>
        <source>A recording</source>
        <translation>記録</translation>
    </message>
    <message>
        <source>Meshyard</source>
        <translation>Meshyard</translation>
    </message>
    <message>
        <source>demo mesh</source>
        <translation>デモメッシュ</translation>
    </message>
    <message>
        <source>All environments</source>
        <translation>すべての環境</translation>
    </message>
    <message>
        <source>You are looking at the past. Click to go back to live.</source>
        <translation>過去を表示しています。クリックでライブに戻ります。</translation>
    </message>
    <message>
        <source>The second shown of this recording</source>
        <translation>この記録の表示中の時刻</translation>
    </message>
    <message>
        <source>Live · 1 s</source>
        <translation>ライブ · 1 秒</translation>
    </message>
    <message>
        <source>Every figure is at most one second old.</source>
        <translation>どの値も 1 秒以内のものです。</translation>
    </message>
    <message>
        <source>applied</source>
        <translation>適用済み</translation>
    </message>
    <message>
        <source>pending</source>
        <translation>反映待ち</translation>
    </message>
    <message>
        <source>Revision %1 · %2</source>
        <translation>リビジョン %1 · %2</translation>
    </message>
    <message numerus="yes">
        <source>All %n proxies have acknowledged it. Click for the list of revisions.</source>
        <translation>
            <numerusform>%n 個のプロキシすべてが確認済み。クリックでリビジョン一覧。</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 of %2 proxies have acknowledged it.</source>
        <translation>%2 中 %1 プロキシが確認済み。</translation>
    </message>
    <message>
        <source>Names, or figures: rate, success, p50, p95, p99, breaker. Start with &quot;hide:&quot; to hide instead.</source>
        <translation>名前、または rate、success、p50、p95、p99、breaker の値。先頭に &quot;hide:&quot; で非表示。</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::TopologyPage</name>
    <message>
        <source>The mesh as a graph</source>
        <translation>グラフ表示のメッシュ</translation>
    </message>
    <message>
        <source>Back to live</source>
        <translation>ライブに戻る</translation>
    </message>
    <message>
        <source>Figure on the edges</source>
        <translation>エッジに出す値</translation>
    </message>
    <message>
        <source>Rate</source>
        <translation>レート</translation>
    </message>
    <message>
        <source>Success</source>
        <translation>成功率</translation>
    </message>
    <message>
        <source>Bytes</source>
        <translation>バイト</translation>
    </message>
    <message>
        <source>Show %1 on the edges</source>
        <translation>エッジに %1 を表示</translation>
    </message>
    <message>
        <source>%1 · %2 ago · nothing can be changed in the past</source>
        <translation>%1 · %2前 · 過去は変更できません</translation>
    </message>
    <message>
        <source>No word from the control plane for %1, trying again. Traffic may well be flowing.</source>
        <translation>コントロールプレーンから %1 応答なし、再試行中。通信は流れている可能性があります。</translation>
    </message>
    <message>
        <source>The mesh is starting</source>
        <translation>メッシュを開始しています</translation>
    </message>
    <message>
        <source>%1 of %2 ready</source>
        <translation>%2 中 %1 準備完了</translation>
    </message>
    <message>
        <source>Nothing matches. Change the find field, or clear it.</source>
        <translation>一致するものがありません。検索欄を変えるか空にしてください。</translation>
    </message>
</context>
<context>
    <name>meshyard::ui::TripPopover</name>
    <message>
        <source>Trip</source>
        <translation>遮断</translation>
    </message>
    <message>
        <source>Trip an edge</source>
        <translation>エッジを遮断</translation>
    </message>
    <message>
        <source>Reject every call</source>
        <translation>すべての呼び出しを拒否</translation>
    </message>
    <message>
        <source>Hold closed, whatever happens</source>
        <translation>何があっても閉のまま保つ</translation>
    </message>
    <message>
        <source>Drain half of the calls</source>
        <translation>呼び出しの半分を排出</translation>
    </message>
    <message>
        <source>What to do</source>
        <translation>動作</translation>
    </message>
    <message>
        <source>10 min</source>
        <translation>10 分</translation>
    </message>
    <message>
        <source>1 min</source>
        <translation>1 分</translation>
    </message>
    <message>
        <source>30 s</source>
        <translation>30 秒</translation>
    </message>
    <message>
        <source>1 h</source>
        <translation>1 時間</translation>
    </message>
    <message>
        <source>until I release it</source>
        <translation>解除するまで</translation>
    </message>
    <message>
        <source>For how long</source>
        <translation>期間</translation>
    </message>
    <message>
        <source>manual</source>
        <translation>手動</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>理由</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>キャンセル</translation>
    </message>
    <message>
        <source>What</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>For</source>
        <translation>期間</translation>
    </message>
    <message>
        <source>Trip %1</source>
        <translation>%1 を遮断</translation>
    </message>
    <message>
        <source>The breaker goes on computing underneath.</source>
        <translation>ブレーカーは裏で計算を続けます。</translation>
    </message>
    <message>
        <source>Really without an end</source>
        <translation>本当に無期限にする</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>適用</translation>
    </message>
    <message>
        <source>A time of 5 s to 24 h, such as 90s, 10 min or 1 h.</source>
        <translation>5 秒から 24 時間。例: 90s、10 分、1 時間。</translation>
    </message>
</context>
<context>
    <name>meshyard::widgets::Minimap</name>
    <message>
        <source>Overview of the mesh</source>
        <translation>メッシュの全体図</translation>
    </message>
    <message>
        <source>The whole mesh. Click or drag to go there.</source>
        <translation>メッシュ全体。クリックまたはドラッグで移動します。</translation>
    </message>
</context>
<context>
    <name>meshyard::widgets::TopologyView</name>
    <message>
        <source>Mesh</source>
        <translation>メッシュ</translation>
    </message>
    <message>
        <source>Arrow keys walk along the calls, R reroutes, B opens the breaker.</source>
        <translation>矢印キーで呼び出しをたどり、R で経路変更、B でブレーカーを開きます。</translation>
    </message>
    <message>
        <source>The past cannot be edited. Go back to live first.</source>
        <translation>過去は編集できません。先にライブに戻ってください。</translation>
    </message>
    <message>
        <source>Nothing can be changed while the control plane does not answer.</source>
        <translation>コントロールプレーンが応答しない間は変更できません。</translation>
    </message>
    <message>
        <source>Up and Down choose a target, Enter takes it, Esc cancels.</source>
        <translation>上下キーで行き先を選び、Enter で決定、Esc で取り消します。</translation>
    </message>
    <message>
        <source>Targets that can take this route are outlined. Esc cancels.</source>
        <translation>この経路を受けられる行き先を枠で示します。Esc で取り消します。</translation>
    </message>
    <message>
        <source>Up and Down choose a version, + and − shift its weight, Enter takes it, Esc cancels.</source>
        <translation>上下キーでバージョンを選び、+ と − で重みを変え、Enter で決定、Esc で取り消します。</translation>
    </message>
    <message>
        <source>Pull towards a version to give it more. Shift for single steps, Esc cancels.</source>
        <translation>引き寄せたバージョンの重みが増えます。Shift で 1 刻み、Esc で取り消します。</translation>
    </message>
    <message>
        <source>Not applied yet. Esc drops the change.</source>
        <translation>まだ適用していません。Esc で変更を捨てます。</translation>
    </message>
    <message>
        <source>Drag the edge&apos;s end to another version or service to reroute (R).</source>
        <translation>エッジの端を別のバージョンやサービスへドラッグすると経路が変わります (R)。</translation>
    </message>
    <message>
        <source>Drag the diamond towards a version to shift weights (W).</source>
        <translation>菱形をバージョンの方へドラッグすると重みが変わります (W)。</translation>
    </message>
    <message>
        <source>Click to open the breaker (B).</source>
        <translation>クリックでブレーカーを開きます (B)。</translation>
    </message>
    <message>
        <source>Drag an edge&apos;s end to reroute, a diamond to shift weights, click a breaker</source>
        <translation>エッジの端をドラッグで経路変更、菱形で重み変更、ブレーカーはクリック</translation>
    </message>
    <message>
        <source>End of: %1</source>
        <translation>終点: %1</translation>
    </message>
    <message>
        <source>Breaker of: %1</source>
        <translation>ブレーカー: %1</translation>
    </message>
</context>
</TS>
