namespace Vla.Runtime.Doctor;

/// <summary>Names of the packages that bring the system libraries Vla's native parts want.</summary>
/// <param name="wideTime">True from Debian 13 and Ubuntu 24.04 on, where packages were renamed for 64-bit time.</param>
internal sealed class DebianPackages(bool wideTime)
{
    public static DebianPackages OfThisSystem() =>
        File.Exists("/etc/os-release") ? From(File.ReadAllText("/etc/os-release")) : new DebianPackages(false);

    /// <param name="osRelease">Text of <c>/etc/os-release</c>.</param>
    public static DebianPackages From(string osRelease)
    {
        var values = osRelease
            .Split('\n')
            .Select(line => line.Split('=', 2))
            .Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0], pair => pair[1].Trim('"'));
        var id = values.GetValueOrDefault("ID");
        var known = int.TryParse(values.GetValueOrDefault("VERSION_ID")?.Split('.')[0], out var major);
        return new DebianPackages(
            id switch
            {
                "debian" => !known || major >= 13, // testing has no number yet
                "ubuntu" => known && major >= 24,
                _ => false, // derivatives know the old name too
            }
        );
    }

    /// <summary>The package for <c>libgtk-3.so.0</c> and the like; null when it is not known here.</summary>
    public string? For(string library) =>
        library switch
        {
            "libgtk-3.so.0" or "libgdk-3.so.0" => wideTime ? "libgtk-3-0t64" : "libgtk-3-0",
            "libdrm.so.2" => "libdrm2",
            "libatomic.so.1" => "libatomic1",
            "libgomp.so.1" => "libgomp1",
            "libstdc++.so.6" => "libstdc++6",
            _ => null,
        };
}
