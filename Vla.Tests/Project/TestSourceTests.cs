using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Vla.Tests.Project;

/// <summary>
/// The tests' own source: none passes without having tested, hangs instead of failing, or waits for nothing.
/// </summary>
/// <remarks>
/// A test that cannot run here is skipped with its reason. That nothing comes is proved by something that comes behind
/// it. Whatever is waited for has a bound, so that a defect shows as a test that failed and not as a run that never
/// ends.
/// </remarks>
public sealed class TestSourceTests
{
    /// <summary>What waits for something, and throws when that does not come.</summary>
    private static readonly string[] Expectations = ["Expect", "Await", "Until", "HearsNothing"];

    private static readonly CSharpParseOptions Language = new(LanguageVersion.Preview);

    /// <summary>Kept out by the rules, and right where it is all the same.</summary>
    private static readonly Dictionary<string, string> Allowed = new()
    {
        ["WorkThread.cs: _given.Wait()"] = "a stand-in's own thread, which waits for work for as long as it is there",
        ["OutputHealthTests.cs: _release.Wait()"] = "a robot that hangs until its test is over",
        ["OutputHealthTests.cs: release.Wait()"] = "an output whose closing hangs until its test is over",
        ["StopWhileHungTests.cs: _release.Wait()"] = "a stage that hangs until its test is over",
        ["ControllerSoakTests.cs: gate.Wait()"] = "a camera that gives nothing until its gate is opened",
        ["TwoCamerasTests.cs: Thread.Sleep(10)"] = "the pace of a camera",
        ["LiveRecordingTests.cs: Thread.Sleep(10)"] = "the pace of a camera",
        ["PictureStream.cs: Task.Delay(Pace, _unplugged.Token)"] = "the pace of a camera",
        ["PolicyServerTests.cs: Task.Delay(20, limit.Token)"] = "looks again whether a client is gone, with a bound",
        ["OpenPiPeersTests.cs: Task.Delay(50, limit.Token)"] = "looks again whether a peer has started, with a bound",
        ["OpenPiPolicyTests.cs: Task.Delay(-1, ends)"] = "a server that hangs until its test is over",
        ["RemotePolicyActorTests.cs: Task.Delay(-1, ends)"] = "a server that hangs until its test is over",
        ["Fakes.cs: _allowed.Wait()"] =
            "the control thread of a loop that a test steps: it stands until it is allowed on",
    };

    private static readonly IReadOnlyList<SyntaxTree> Trees =
    [
        .. Repository
            .Files("*.cs")
            .Where(file => file.Contains("/Vla.Tests/", StringComparison.Ordinal))
            .Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), Language, file)),
    ];

    [Fact]
    public void No_test_returns_before_it_has_tested() => Assert.Empty(EarlyReturns(Trees));

    [Fact]
    public void No_test_waits_real_time_for_nothing_to_happen() => Assert.Empty(Except(WaitsForNothing(Trees)));

    [Fact]
    public void No_test_waits_without_a_bound() => Assert.Empty(Except(UnboundedWaits(Trees)));

    [Fact]
    public void Every_test_asserts_something() => Assert.Empty(WithoutAssertion(Trees));

    [Fact]
    public void What_is_allowed_all_the_same_is_there() =>
        Assert.Empty(Allowed.Keys.Except(UnboundedWaits(Trees).Concat(WaitsForNothing(Trees)).Select(Place)));

    [Theory]
    [InlineData("[Fact] void T() { if (!Known) return; Assert.True(it); }")]
    [InlineData("[LinuxTheory] void T() { if (!Known) { return; } Assert.True(it); }")]
    public void An_early_return_is_found(string test) => Assert.Single(EarlyReturns(Source(test)));

    [Theory]
    [InlineData("[Fact] async Task T() { await ExpectNoMsgAsync(TimeSpan.FromMilliseconds(50)); }")]
    [InlineData("[Fact] async Task T() { await probe.ExpectNoMsgAsync(); }")]
    [InlineData("[Fact] void T() { ExpectNoMsg(soon); }")]
    [InlineData("[Fact] void T() { Thread.Sleep(5); }")]
    [InlineData("[Fact] async Task T() { await Task.Delay(5); }")]
    [InlineData("[Fact] void T() { Assert.False(done.Wait(100)); }")]
    [InlineData("[Fact] void T() { Assert.False(SpinWait.SpinUntil(() => done, 100)); }")]
    public void A_wait_for_nothing_is_found(string test) => Assert.Single(WaitsForNothing(Source(test)));

    [Theory]
    [InlineData("[Fact] void T() { done.Wait(); }")]
    [InlineData("[Fact] void T() { thread.Join(); }")]
    [InlineData("[Fact] void T() { task.GetAwaiter().GetResult(); done.WaitOne(); }")]
    [InlineData("[Fact] void T() { barrier.SignalAndWait(); }")]
    [InlineData("[Fact] void T() { SpinWait.SpinUntil(() => done); }")]
    public void A_wait_without_a_bound_is_found(string test) => Assert.Single(UnboundedWaits(Source(test)));

    [Theory]
    [InlineData("[Fact] void T() { Run(() => { done.Wait(); }); }")]
    [InlineData("[Fact] void T() { Assert.True(done.Wait(Patience)); }")]
    [InlineData("[Fact] void T() { process.WaitForExit(); string.Join(); }")]
    public void A_stand_in_may_block_and_a_wait_with_a_bound_is_fine(string test) =>
        Assert.Empty(UnboundedWaits(Source(test)));

    [Fact]
    public void A_test_that_asserts_nothing_is_found() =>
        Assert.Single(
            WithoutAssertion(
                Source("[Fact] void T() { Look(); } void Look() { it.Do(); } void Helps() { Assert.True(it); }")
            )
        );

    private static IEnumerable<string> EarlyReturns(IReadOnlyList<SyntaxTree> trees) =>
        from test in Tests(trees)
        from found in test.DescendantNodes(node =>
                node is not (AnonymousFunctionExpressionSyntax or LocalFunctionStatementSyntax)
            )
            .OfType<ReturnStatementSyntax>()
        where found.Expression is null
        select Words(found);

    private static IEnumerable<string> WaitsForNothing(IReadOnlyList<SyntaxTree> trees) =>
        from call in Nodes<InvocationExpressionSyntax>(trees)
        let name = Name(call)
        let arguments = call.ArgumentList.Arguments
        where
            (name is "ExpectNoMsg" or "ExpectNoMsgAsync" && arguments is not [{ Expression: var time }, ..])
            || (
                name is "ExpectNoMsg" or "ExpectNoMsgAsync"
                && arguments is [{ Expression: var given }, ..]
                && $"{given}" != "TimeSpan.Zero"
            )
            || ($"{call.Expression}" is "Thread.Sleep" or "Task.Delay")
            || (
                $"{call.Expression}" == "Assert.False"
                && arguments is [{ Expression: InvocationExpressionSyntax inner }, ..]
                && Name(inner) is "Wait" or "WaitOne" or "Join" or "SpinUntil"
                && $"{inner.ArgumentList}" is not ("(0)" or "(TimeSpan.Zero)")
            )
        select Words(call);

    private static IEnumerable<string> UnboundedWaits(IReadOnlyList<SyntaxTree> trees) =>
        from call in Nodes<InvocationExpressionSyntax>(trees)
        where !call.Ancestors().Any(node => node is AnonymousFunctionExpressionSyntax)
        let given = call.ArgumentList.Arguments.Count
        where
            (
                given == 0
                && Name(call) is "Wait" or "WaitOne" or "SignalAndWait" or "Join"
                && $"{call.Expression}" is not "string.Join"
            ) || (given == 1 && $"{call.Expression}" == "SpinWait.SpinUntil")
        select Words(call);

    /// <summary>
    /// Tests in which nothing is asserted, nor in any method of the tests that they call, nor expected of a probe.
    /// </summary>
    private static List<string> WithoutAssertion(IReadOnlyList<SyntaxTree> trees)
    {
        var methods = Nodes<SyntaxNode>(trees)
            .Where(node => node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax)
            .Select(node => (Name: MethodName(node), Uses: Uses(node)))
            .ToList();
        var asserting = new HashSet<string>(["Assert"]);
        for (var before = 0; before < asserting.Count; )
        {
            before = asserting.Count;
            asserting.UnionWith(
                methods.Where(method => method.Uses.Overlaps(asserting)).Select(method => method.Name).ToList()
            );
        }

        return
        [
            .. Tests(trees)
                .Where(test => !Uses(test).Any(name => asserting.Contains(name) || IsExpectation(name)))
                .Select(test => Words(test)),
        ];
    }

    private static bool IsExpectation(string name) =>
        Expectations.Any(start => name.StartsWith(start, StringComparison.Ordinal));

    private static HashSet<string> Uses(SyntaxNode method) =>
        [.. method.DescendantNodes().OfType<SimpleNameSyntax>().Select(name => name.Identifier.ValueText)];

    private static string MethodName(SyntaxNode node) =>
        node switch
        {
            MethodDeclarationSyntax method => method.Identifier.ValueText,
            LocalFunctionStatementSyntax function => function.Identifier.ValueText,
            ConstructorDeclarationSyntax constructor => constructor.Identifier.ValueText,
            _ => "",
        };

    private static IEnumerable<MethodDeclarationSyntax> Tests(IReadOnlyList<SyntaxTree> trees) =>
        Nodes<MethodDeclarationSyntax>(trees)
            .Where(method =>
                method
                    .AttributeLists.SelectMany(list => list.Attributes)
                    .Any(attribute =>
                        $"{attribute.Name}".EndsWith("Fact", StringComparison.Ordinal)
                        || $"{attribute.Name}".EndsWith("Theory", StringComparison.Ordinal)
                    )
            );

    private static IEnumerable<T> Nodes<T>(IReadOnlyList<SyntaxTree> trees)
        where T : SyntaxNode => trees.SelectMany(tree => tree.GetRoot().DescendantNodes()).OfType<T>();

    private static string Name(InvocationExpressionSyntax call) =>
        call.Expression switch
        {
            MemberAccessExpressionSyntax member => member.Name.Identifier.ValueText,
            SimpleNameSyntax name => name.Identifier.ValueText,
            MemberBindingExpressionSyntax binding => binding.Name.Identifier.ValueText,
            _ => "",
        };

    private static IEnumerable<string> Except(IEnumerable<string> found) =>
        found.Where(words => !Allowed.ContainsKey(Place(words)));

    /// <summary>File, line, and what stands there.</summary>
    private static string Words(SyntaxNode node)
    {
        var at = node.SyntaxTree.GetLineSpan(node.Span);
        var what = node is MethodDeclarationSyntax method ? method.Identifier.ValueText : $"{node}";
        return $"{Path.GetFileName(at.Path)}:{at.StartLinePosition.Line + 1}: {what}";
    }

    /// <summary>The same without the line, which changes.</summary>
    private static string Place(string words) =>
        $"{words[..words.IndexOf(':')]}: {words[(words.IndexOf(": ", StringComparison.Ordinal) + 2)..]}";

    private static IReadOnlyList<SyntaxTree> Source(string member) =>
        [CSharpSyntaxTree.ParseText($"class Some {{ {member} }}", Language, "Some.cs")];
}
