using Vla.Actors.Policies.OpenVla.Modules;

namespace Vla.Actors.Policies.OpenVla;

/// <summary>OpenVLA.</summary>
internal sealed class OpenVlaFamily : IPolicyFamily
{
    public string Name => "OpenVLA";

    public bool Takes(PolicyKind config) => config is { Format: PolicyFormat.Transformers, Type: OpenVlaConfig.Type };

    public IPolicy Load(string directory, Precision? precision) => OpenVlaPolicy.Load(directory, precision);
}
