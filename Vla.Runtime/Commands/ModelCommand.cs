using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using TorchSharp;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Torch;
using Vla.Runtime.Hosting;
using Vla.Runtime.Policies;

namespace Vla.Runtime.Commands;

/// <summary><c>vla model</c>: device, module tree and number of parameters (the notebook's section 3).</summary>
internal static class ModelCommand
{
    private static readonly JsonSerializerOptions JsonForm = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create()
    {
        var policy = PolicyOptions.Policy();
        var device = PolicyOptions.Device();
        var libraries = PolicyOptions.Libraries();
        var json = new Option<bool>("--json") { Description = "Print JSON instead of text." };
        var command = new Command("model", "Show a policy's model: device, modules, parameters.")
        {
            policy,
            device,
            libraries,
            json,
        };
        command.SetAction(result =>
        {
            var output = result.InvocationConfiguration.Output;
            PolicyOptions.Register(result, libraries);
            if (PolicyRegistry.Find(result.GetValue(policy)!) is PolicySpec.Server server)
            {
                var there = BoundedWork.Run(
                    "loading the policy",
                    BoundedWork.Bound,
                    () => server.Load(PolicyContext.WithoutWorld)
                );
                var family = $"a policy server that speaks the protocol {server.Address.Protocol.Name}";
                Describe(there, family, TorchDevice.Select(result.GetValue(device)!));
                return ExitCodes.Success;
            }

            var directory = PolicyOptions.Directory(result, policy);
            var loaded = BoundedWork.Run("loading the policy", BoundedWork.Bound, () => PolicyFamilies.Load(directory));
            var on = TorchDevice.Select(result.GetValue(device)!);
            if (loaded is not StagedPolicy staged)
            {
                Describe(loaded, PolicyFamilies.Of(directory).Name, on);
                return ExitCodes.Success;
            }

            var report = Report.Of(staged, on);
            if (result.GetValue(json))
                output.WriteLine(JsonSerializer.Serialize(report, JsonForm));
            else
                Write(output, report);
            return ExitCodes.Success;

            void Describe(IPolicy what, string family, torch.Device on)
            {
                var description = PolicyDescription.Of(what, family, on);
                if (result.GetValue(json))
                    output.WriteLine(JsonSerializer.Serialize(description, JsonForm));
                else
                    description.Write(output);
            }
        });
        return command;
    }

    private static void Write(TextWriter output, Report report)
    {
        output.WriteLine($"Policy: {report.Policy.Name} ({report.Directory})");
        if (report.Policy.Note.Length > 0)
            output.WriteLine($"        {report.Policy.Note}");
        if (report.Untrained is { } why && why != report.Policy.Note)
            output.WriteLine($"        untrained: {why}");
        output.WriteLine($"CUDA:   {(report.CudaAvailable ? "available" : "not available")}");
        output.WriteLine($"Device: {report.Device}");
        var note = report.PrecisionNote.Length > 0 ? $" ({report.PrecisionNote})" : "";
        output.WriteLine($"Vision: computes in {report.Precision}{note}");
        if (report.Gpu is { } gpu)
            output.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"GPU:    {gpu.Name}, {gpu.MemoryBytes / 1e9:F2} GB")
            );
        output.WriteLine();
        output.WriteLine(report.Modules);
        output.WriteLine();
        output.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"Total parameters:     {report.TotalParameters:N0}")
        );
        output.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"Trainable parameters: {report.TrainableParameters:N0}")
        );
    }

    private sealed record Report(
        PolicyInfo Policy,
        string? Untrained,
        string Directory,
        bool CudaAvailable,
        string Device,
        string Precision,
        string PrecisionNote,
        GpuInfo? Gpu,
        string Modules,
        long TotalParameters,
        long TrainableParameters
    )
    {
        public static Report Of(StagedPolicy policy, torch.Device device)
        {
            using var model = policy.CreateModel(device);
            var precision = policy.PrecisionOn(device);
            var parameters = model.parameters().ToList();
            return new Report(
                policy.Info,
                policy.Untrained,
                policy.Directory,
                torch.cuda.is_available(),
                device.ToString(),
                precision.Precision.ToString().ToLowerInvariant(),
                precision.Note,
                device.type == DeviceType.CUDA ? GpuInfo.Read(Math.Max(0, device.index)) : null,
                ModuleTree.Text(model),
                parameters.Sum(parameter => parameter.numel()),
                parameters.Where(parameter => parameter.requires_grad).Sum(parameter => parameter.numel())
            );
        }
    }
}
