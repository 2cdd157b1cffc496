namespace Vla.Runtime;

/// <summary>Where the files lie that come with Vla.</summary>
internal static class ProjectPaths
{
    /// <summary>
    /// The folder with <c>config</c> in it: <c>VLA_HOME</c>, which the launcher sets, or a folder above the program.
    /// </summary>
    public static string Home { get; } = FindHome();

    /// <summary>Settings, robot profiles and policies.</summary>
    public static string Config => Path.Combine(Home, "config");

    /// <summary>The model that Vla began with; untrained.</summary>
    public static string NotebookPolicy => Path.Combine(Config, "policies", "notebook");

    /// <summary>The profile of an arm as the notebook's model steers it.</summary>
    public static string NotebookRobot => Path.Combine(Config, "robots", "notebook.json");

    /// <summary>The profile of the simulated tabletop's arm.</summary>
    public static string TabletopRobot => Path.Combine(Config, "robots", "tabletop.json");

    /// <summary>
    /// The policy for the simulated tabletop; its <c>config.json</c> is what <c>vla train</c> trains by default.
    /// </summary>
    public static string TabletopPolicy => Path.Combine(Config, "policies", "tabletop");

    private static string FindHome()
    {
        if (Environment.GetEnvironmentVariable("VLA_HOME") is { Length: > 0 } home)
            return home;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "config", "vla.json")))
                return folder.FullName;
        }

        return AppContext.BaseDirectory;
    }
}
