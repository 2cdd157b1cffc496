namespace Vla.Actors.Policies.OpenVla.Modules;

/// <summary>How a tower's picture is scaled: (x − mean) / std, of values from 0 to 1.</summary>
/// <param name="Mean">In RGB order.</param>
/// <param name="Std">In RGB order.</param>
internal sealed record OpenVlaNormalising(IReadOnlyList<float> Mean, IReadOnlyList<float> Std)
{
    /// <summary>From <c>preprocessor_config.json</c>, one for each tower.</summary>
    /// <exception cref="PolicyException">It is missing or malformed.</exception>
    public static IReadOnlyList<OpenVlaNormalising> Read(string file, int towers)
    {
        using var document = ConfigFile.Parse(file);
        var root = new ConfigSection(file, "", document.RootElement.Clone()) { NullIsMissing = true };
        var all = root.Sections("tvf_normalize_params", towers)
            .Select(section => new OpenVlaNormalising(
                section.Numbers("mean", 3, -1e3, 1e3),
                section.Numbers("std", 3, 1e-6, 1e3)
            ))
            .ToList();
        return all.Count > 0 ? all : throw root.Wrong("tvf_normalize_params", "empty", "one for each tower");
    }
}
