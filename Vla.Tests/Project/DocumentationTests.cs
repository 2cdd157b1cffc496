using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Vla.Runtime;
using Vla.Runtime.Commands;
using Vla.Runtime.Settings;
using Vla.Tests.Runtime.Http;

namespace Vla.Tests.Project;

/// <summary>What the pages name exists: commands, flags, settings, files, links, exit codes, routes.</summary>
public sealed partial class DocumentationTests
{
    public static TheoryData<string> Pages => [.. Documentation.Pages];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_command_line_is_one_that_the_program_takes(string page)
    {
        var root = CommandTree.Create();
        var lines = Documentation.CommandLines(page).ToList();

        Assert.All(
            lines,
            line =>
            {
                var errors = root.Parse(Documentation.Words(line)).Errors;
                Assert.True(errors.Count == 0, $"./vla {line}: {string.Join("; ", errors)}");
            }
        );
    }

    [Fact]
    public void Command_lines_are_found()
    {
        var lines = Documentation.Pages.SelectMany(Documentation.CommandLines).ToList();

        Assert.True(lines.Count > 30, $"only {lines.Count}");
        Assert.Contains("run", lines);
        Assert.NotEmpty(CommandTree.Create().Parse(Documentation.Words("run --no-such-flag 1")).Errors);
        Assert.NotEmpty(CommandTree.Create().Parse(Documentation.Words("no-such-command")).Errors);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_flag_is_one_of_a_commands(string page)
    {
        var flags = CommandTree
            .Create()
            .Subcommands.SelectMany(command => command.Subcommands.Prepend(command))
            .SelectMany(command => command.Options)
            .Select(option => option.Name)
            .Concat(["--filter", "--help", "--version"]) // dotnet test's, everybody's
            .ToHashSet();

        // Lines for other programs (git, systemctl) have flags of their own: only the text counts.
        var text = CodeBlock().Replace(Documentation.Read(page), "");
        Assert.All(InlineFlag().Matches(text), flag => Assert.Contains(flag.Groups["flag"].Value, flags));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_setting_has_a_key(string page) =>
        Assert.All(
            Setting().Matches(Documentation.Read(page)),
            setting => Assert.True(IsSetting(setting.Groups["key"].Value), setting.Value)
        );

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_environment_variable_is_a_setting_or_the_programs_own(string page) =>
        Assert.All(
            Variable().Matches(Documentation.Read(page)),
            variable =>
                Assert.True(
                    variable.Value is "VLA_HOME" or "VLA_CONFIG" or "VLA_HTTP_TOKEN" or "VLA_SOAK"
                        || IsSetting(variable.Value["VLA_".Length..].Replace("__", ":", StringComparison.Ordinal)),
                    variable.Value
                )
        );

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_link_leads_somewhere(string page)
    {
        foreach (Match link in Link().Matches(CodeBlock().Replace(Documentation.Read(page), "")))
        {
            var target = link.Groups["target"].Value;
            if (target.StartsWith("http", StringComparison.Ordinal))
                continue;
            var (file, anchor) = target.Split('#') is [var before, var after] ? (before, after) : (target, "");
            var path =
                file.Length == 0
                    ? page
                    : Path.GetRelativePath(
                        Repository.File("."),
                        Path.Combine(Path.GetDirectoryName(Repository.File(page))!, file)
                    );
            Assert.True(
                File.Exists(Repository.File(path)) || Directory.Exists(Repository.File(path)),
                $"{page}: {target}"
            );
            if (anchor.Length > 0)
                Assert.Contains(
                    anchor,
                    Heading().Matches(Documentation.Read(path)).Select(heading => Anchor(heading.Groups["text"].Value))
                );
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_file_of_the_repository_that_is_named_is_there(string page) =>
        Assert.All(
            RepositoryPath()
                .Matches(CodeBlock().Replace(Documentation.Read(page), ""))
                .Select(path => path.Groups["path"].Value),
            path =>
                Assert.True(
                    path.Contains('*', StringComparison.Ordinal)
                        ? Directory
                            .GetFiles(Repository.File(Path.GetDirectoryName(path)!), Path.GetFileName(path))
                            .Length > 0
                        : File.Exists(Repository.File(path)) || Directory.Exists(Repository.File(path)),
                    $"{page}: {path}"
                )
        );

    [Fact]
    public void The_table_of_exit_codes_has_every_code_and_no_other()
    {
        var codes = typeof(ExitCodes)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.IsLiteral)
            .Select(field => (int)field.GetRawConstantValue()!);

        var listed = ExitCode()
            .Matches(Documentation.Read("docs/operations.md"))
            .Select(row => int.Parse(row.Groups["code"].Value, CultureInfo.InvariantCulture));

        Assert.Equal(codes.Order(), listed);
    }

    [Fact]
    public async Task The_table_of_requests_has_every_route_and_no_other()
    {
        await using var rig = await ApiRig.StartAsync(withToken: true);
        var mapped = rig
            .Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint =>
                (endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []).Select(method =>
                    method
                    + " "
                    + endpoint
                        .RoutePattern.RawText!.TrimEnd('/')
                        .Replace("{documentName}", "v1", StringComparison.Ordinal)
                )
            )
            // Told in the text beside the table.
            .Where(route => !route.EndsWith("/login", StringComparison.Ordinal))
            // Not mapped here: the page, telemetry, and the world, which not every run has.
            .Concat(["GET /", "GET /metrics", "POST /world/episode"]);

        var listed = RequestRow()
            .Matches(Documentation.Read("docs/operations.md"))
            .SelectMany(row =>
                Request()
                    .Matches(row.Groups["cell"].Value)
                    .Select(request =>
                        $"{(request.Groups["method"].Value is { Length: > 0 } method ? method : "GET")} "
                        + $"{request.Groups["path"].Value}"
                    )
            );

        Assert.Equal(mapped.Distinct().Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    private static bool IsSetting(string key)
    {
        var type = typeof(VlaSettings);
        foreach (var part in key.Split(':'))
        {
            var property = Array.Find(
                type.GetProperties(),
                property => property.Name.Equals(part, StringComparison.OrdinalIgnoreCase)
            );
            if (property is null)
                return type == typeof(string[]) && int.TryParse(part, CultureInfo.InvariantCulture, out _);
            type = property.PropertyType;
        }

        return true;
    }

    /// <summary>As GitHub makes it of a heading.</summary>
    private static string Anchor(string heading) =>
        NoAnchor().Replace(heading.ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex("^```.*?^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex("`(?<flag>--[a-z][a-z-]*)[^`]*`")]
    private static partial Regex InlineFlag();

    /// <summary>
    /// In backquotes, a group of settings and a key of it: <c>control:rateHz</c>, with or without a value.
    /// </summary>
    [GeneratedRegex("`\"?(?<key>(control|stages|world|record|threads|telemetry|log):[a-zA-Z]+)\"?[^`]*`")]
    private static partial Regex Setting();

    [GeneratedRegex(@"\bVLA_[A-Z0-9_]+")]
    private static partial Regex Variable();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)|src=""(?<target>[^""]+)""")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("[^a-z0-9 _-]")]
    private static partial Regex NoAnchor();

    [GeneratedRegex(@"`(?<path>(config|docs|Vla\.[A-Z][a-z]+)(/[\w.*-]+)*)`")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"^\| (?<code>\d+) \|", RegexOptions.Multiline)]
    private static partial Regex ExitCode();

    [GeneratedRegex("^\\| (?<cell>`(GET|POST|PUT|DELETE) /[^|]*) \\|", RegexOptions.Multiline)]
    private static partial Regex RequestRow();

    [GeneratedRegex("`((?<method>GET|POST|PUT|DELETE) )?(?<path>/[^`]*)`")]
    private static partial Regex Request();
}
