namespace Vla.Actors.Policies.Act;

/// <summary>LeRobot's ACT.</summary>
internal sealed class ActFamily : IPolicyFamily
{
    public string Name => "LeRobot's ACT";

    public bool Takes(PolicyKind config) => config is { Format: PolicyFormat.LeRobot, Type: ActPolicy.Type };

    public IPolicy Load(string directory, Precision? precision) => ActPolicy.Load(directory);
}
