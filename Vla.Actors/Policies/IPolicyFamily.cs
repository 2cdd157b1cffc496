namespace Vla.Actors.Policies;

/// <summary>A kind of policy that comes in a directory.</summary>
public interface IPolicyFamily
{
    /// <summary>As it stands in a message that lists the families: "LeRobot's ACT".</summary>
    string Name { get; }

    /// <summary>Whether a directory is of this family.</summary>
    /// <param name="config">What its <c>config.json</c> says it is.</param>
    bool Takes(PolicyKind config);

    /// <summary>Reads and checks it; keeps no weights.</summary>
    /// <param name="directory">The policy directory.</param>
    /// <param name="precision">In place of what <c>config.json</c> says.</param>
    /// <exception cref="PolicyException">Something is missing, malformed or does not fit together.</exception>
    IPolicy Load(string directory, Precision? precision);
}
