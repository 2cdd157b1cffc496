using System.Text.Json;
using Vla.Sensors.Text;

namespace Vla.Runtime.Settings;

/// <summary>Reads the settings from file, environment and flags, and refuses what is wrong with one line.</summary>
internal static class SettingsLoader
{
    /// <summary>Environment variables that begin like a setting but are none.</summary>
    private static readonly string[] NotSettings = ["HOME", "CONFIG", "HTTP_TOKEN"];

    private const string Prefix = "VLA_";

    private static readonly string[] Lists =
    [
        nameof(VlaSettings.Outputs),
        nameof(VlaSettings.Camera),
        nameof(VlaSettings.Libraries),
    ];

    /// <param name="file">The configuration file; comments are allowed.</param>
    /// <param name="environment">Environment variables by name.</param>
    /// <param name="flags">Settings by key (<c>control:rateHz</c>), as given on the command line.</param>
    /// <exception cref="UsageException">A file that cannot be read, an unknown key, a value that does not
    /// fit.</exception>
    public static VlaSettings Load(
        string file,
        IReadOnlyDictionary<string, string?> environment,
        IReadOnlyDictionary<string, string?> flags
    )
    {
        if (!File.Exists(file))
            throw new UsageException($"settings file '{file}' is not there: give another with --config");

        var sources = new List<(string Name, IConfigurationRoot Values)>
        {
            (file, CameraSettings.AsList(ReadFile(file), file)),
            ("environment", CameraSettings.AsList(FromPairs(EnvironmentKeys(environment)), "environment")),
            ("command line", FromPairs(flags)),
        };
        foreach (var (name, values) in sources)
            SettingsValidation.Check(values, name);

        var merged = new ConfigurationBuilder();
        foreach (var (_, values) in sources)
            merged.AddConfiguration(WithoutReplacedLists(values, sources));
        return merged.Build().Get<VlaSettings>() ?? new VlaSettings();
    }

    private static IConfigurationRoot ReadFile(string file)
    {
        try
        {
            var bytes = Utf8Text.ReadBytes(file);
            JsonText.CheckEscapes(
                bytes.Span,
                new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }
            );
            using var stream = new MemoryStream(bytes.ToArray());
            return new ConfigurationBuilder().AddJsonStream(stream).Build();
        }
        catch (Exception e)
            when (e
                    is InvalidDataException
                        or FormatException
                        or JsonException
                        or IOException
                        or UnauthorizedAccessException
            )
        {
            var reason = (e.InnerException?.InnerException ?? e.InnerException ?? e).Message;
            throw new UsageException($"settings file '{file}' cannot be read: {OneLine.Of(reason)}", e);
        }
    }

    private static IConfigurationRoot FromPairs(IEnumerable<KeyValuePair<string, string?>> pairs) =>
        new ConfigurationBuilder().AddInMemoryCollection(pairs).Build();

    private static IEnumerable<KeyValuePair<string, string?>> EnvironmentKeys(
        IReadOnlyDictionary<string, string?> environment
    ) =>
        from variable in environment
        where variable.Key.StartsWith(Prefix, StringComparison.Ordinal)
        let key = variable.Key[Prefix.Length..]
        where !NotSettings.Contains(key)
        select KeyValuePair.Create(key.Replace("__", ":", StringComparison.Ordinal), variable.Value);

    /// <summary>A list given later replaces an earlier one whole; merging by index would mix the two.</summary>
    private static IConfiguration WithoutReplacedLists(
        IConfigurationRoot values,
        List<(string Name, IConfigurationRoot Values)> sources
    )
    {
        var later = sources.SkipWhile(source => source.Values != values).Skip(1).Select(source => source.Values);
        string[] replaced = [.. Lists.Where(list => later.Any(other => other.GetSection(list).GetChildren().Any()))];
        if (replaced.Length == 0)
            return values;

        return FromPairs(
            values
                .AsEnumerable()
                .Where(pair =>
                    !replaced.Any(list =>
                        pair.Key.Equals(list, StringComparison.OrdinalIgnoreCase)
                        || pair.Key.StartsWith($"{list}:", StringComparison.OrdinalIgnoreCase)
                    )
                )
        );
    }
}
