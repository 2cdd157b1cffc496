using Vla.Actors.Policies.SmolVla.Modules;

namespace Vla.Actors.Policies.SmolVla;

/// <summary>LeRobot's SmolVLA.</summary>
internal sealed class SmolVlaFamily : IPolicyFamily
{
    public string Name => "LeRobot's SmolVLA";

    public bool Takes(PolicyKind config) => config is { Format: PolicyFormat.LeRobot, Type: SmolVlaConfig.Type };

    public IPolicy Load(string directory, Precision? precision) => SmolVlaPolicy.Load(directory);
}
