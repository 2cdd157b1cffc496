namespace Vla.Tests.Project;

/// <summary>
/// The launcher in a small tree of its own, with stand-ins for every tool that could change the machine: <c>dotnet</c>,
/// <c>apt-get</c>, <c>sudo</c>, <c>ldconfig</c>, <c>id</c>. Nothing outside the folder can be run, since it is all of
/// PATH.
/// </summary>
internal sealed class LauncherSandbox : IDisposable
{
    private static readonly string[] RealTools =
    [
        "awk",
        "basename",
        "bash",
        "cat",
        "chmod",
        "comm",
        "cp",
        "date",
        "dirname",
        "env",
        "find",
        "flock",
        "grep",
        "ls",
        "mkdir",
        "mktemp",
        "mv",
        "readlink",
        "rm",
        "rmdir",
        "sed",
        "sort",
        "tail",
        "touch",
        "uname",
    ];

    private static readonly string[] Libraries = ["libgtk-3.so.0", "libdrm.so.2", "libatomic.so.1"];

    private readonly string _tools;

    public LauncherSandbox()
    {
        Root = Directory.CreateTempSubdirectory("vla-launcher-").FullName;
        _tools = Path.Combine(Root, "tools");
        Directory.CreateDirectory(_tools);
        foreach (var tool in RealTools)
            File.CreateSymbolicLink(Path.Combine(_tools, tool), Find(tool));

        Tool(
            "dotnet",
            """
            case $1 in
                --list-sdks) cat "$ROOT/sdks" ;;
                --list-runtimes)
                    echo "Microsoft.AspNetCore.App 9.0.1 [$ROOT/shared/Microsoft.AspNetCore.App]"
                    echo "Microsoft.AspNetCore.App 10.0.2 [$ROOT/shared/Microsoft.AspNetCore.App]"
                    echo "Microsoft.NETCore.App 10.0.2 [$ROOT/shared/Microsoft.NETCore.App]" ;;
                publish)
                    for argument; do folder=$argument; [[ $last != --output ]] || break; last=$argument; done
                    mkdir -p "$folder"
                    for file in vla.dll vla.pdb libOpenCvSharpExtern.so; do : >"$folder/$file"; done
                    chmod 600 "$folder/vla.dll" ;;
                build)
                    echo "dotnet $*" >>"$ROOT/calls"
                    [[ ! -e $ROOT/broken ]] || { echo 'Program.cs(1,1): error CS1002: ; expected'; exit 1; }
                    for project in Vla.Runtime Vla.Tests; do : >"$project/bin/Release/net10.0/$project.dll"; done
                    : >Vla.Runtime/bin/Release/net10.0/vla.dll ;;
                test)
                    for argument; do
                        [[ $argument != trx* || ! -e $ROOT/results ]] ||
                            cat "$ROOT/results" >"${argument#*LogFileName=}"
                    done
                    exit "$(cat "$ROOT/test-exit")" ;;
                *) [[ ! -e $ROOT/unstartable ]] || exit 1; echo "program in $PWD: $*" ;;
            esac
            """
        );
        Tool(
            "ldd",
            """
            echo "	libgtk-3.so.0 => $ROOT/lib/libgtk-3.so.0 (0x1)"
            echo "	libc.so.6 => $ROOT/lib/libc.so.6 (0x2)"
            """
        );
        Tool("ldconfig", """cat "$ROOT"/libraries/*""");
        Tool("id", "echo 0");
        Tool(
            "apt-get",
            """
            echo "apt-get $*" >>"$ROOT/calls"
            [[ $* != *install* || -e $ROOT/offline ]] ||
                for library in LIBRARIES; do echo "	$library (" >"$ROOT/libraries/$library"; done
            """.Replace("LIBRARIES", string.Join(' ', Libraries), StringComparison.Ordinal)
        );

        File.Copy(Repository.File("vla"), Path.Combine(Root, "vla"));
        foreach (var project in new[] { "Vla.Sensors", "Vla.Actors", "Vla.Runtime", "Vla.Tests" })
            Write($"{project}/Code.cs", "// code");
        foreach (var project in new[] { "Vla.Runtime", "Vla.Tests" })
            Directory.CreateDirectory(Path.Combine(Root, project, "bin/Release/net10.0"));
        foreach (
            var file in new[]
            {
                "LICENSE",
                "config/vla.json",
                "config/vla.service",
                "lib/libgtk-3.so.0",
                "lib/libc.so.6",
                "tools/host/fxr/10.0.2/libhostfxr.so",
                "shared/Microsoft.NETCore.App/10.0.2/System.dll",
                "shared/Microsoft.AspNetCore.App/10.0.2/Web.dll",
                "shared/Microsoft.AspNetCore.App/9.0.1/Old.dll",
            }
        )
            Write(file, "ExecStart=/opt/vla/vla run");
        Write("sdks", "10.0.100 [/sdk]\n");
        Write("os-release", "ID=debian\nVERSION_ID=\"12\"\n");
        foreach (var library in Libraries)
            Write($"libraries/{library}", $"\t{library} (libc6,x86-64) => /lib/{library}\n");
        Write("test-exit", "0");
    }

    public string Root { get; }

    /// <summary>What <c>dotnet build</c>, <c>apt-get</c> and <c>sudo</c> were called with, in order.</summary>
    public string[] Calls =>
        File.Exists(Path.Combine(Root, "calls")) ? File.ReadAllLines(Path.Combine(Root, "calls")) : [];

    public int Builds => Calls.Count(call => call.StartsWith("dotnet build", StringComparison.Ordinal));

    public void Write(string path, string text)
    {
        var file = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    public void Remove(string path) => File.Delete(Path.Combine(Root, path));

    public void Tool(string name, string script)
    {
        var path = Path.Combine(_tools, name);
        File.WriteAllText(path, $"#!{Find("bash")}\nROOT={Root}\n{script}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public (int ExitCode, string Output, string Errors) Run(params string[] arguments) =>
        RunFrom(Root, "vla", arguments);

    public (int ExitCode, string Output, string Errors) RunFrom(string folder, string script, params string[] arguments)
    {
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = _tools,
            ["HOME"] = Root,
            ["LAUNCHER_OS_RELEASE"] = Path.Combine(Root, "os-release"),
        };
        return Commands.Run(Find("bash"), folder, environment, [Path.Combine(Root, script), .. arguments]);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private static string Find(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, tool))
            .First(File.Exists);
}
